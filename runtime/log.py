"""Logs: one line an entry, to stderr, with the service's name."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def configure(name: str) -> None:
    """Sends the logs of this process to stderr, from level `SUNLIT_LOG` (default INFO) on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("SUNLIT_LOG", "INFO").upper())
    for chatty in ("httpx", "httpcore", "apprise", "amqtt", "transitions", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@contextmanager
def quiet(name: str, level: int) -> Iterator[None]:
    """Keeps a logger silent below a level for a while, for commands that say the same in their own way."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
