"""`sunlit ingest run` that kills itself with SIGKILL at its nth batch, at a place that nobody could hit from outside.

Arguments: settings file, `copied` (rows copied, not committed) or `committed` (committed, not acknowledged), n.
"""

import itertools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ingest import samples
from ingest.cli import run
from ingest.consumer import LaneConsumer
from ingest.normalise import Row
from runtime.db import Connection

count = itertools.count(1)
really_copy = samples.copy


def die_at(nth: int) -> None:
    if next(count) == nth:
        os.kill(os.getpid(), signal.SIGKILL)


def main(config: str, place: str, nth: str) -> None:
    def copy(connection: Connection, table: str, rows: Sequence[Row]) -> None:
        really_copy(connection, table, rows)
        die_at(int(nth))

    if place == "copied":
        samples.copy = copy
    else:
        LaneConsumer.after_commit = lambda self: die_at(int(nth))  # type: ignore[method-assign]
    run(Path(config))


if __name__ == "__main__":
    main(*sys.argv[1:])
