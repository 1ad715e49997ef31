"""The life of a service process: duties in threads, signals, and recovery of a duty that fails."""

import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

Duty = Callable[[threading.Event], None]
"""Works until the event is set, then returns. May raise: it is started again."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
WELL_S = 60.0
"""who worked so long has recovered"""


def run(name: str, duties: Mapping[str, Duty]) -> None:
    """Runs duties until SIGTERM or SIGINT, then waits for them to end (10 s)."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [
        threading.Thread(target=keep, args=(f"{name}.{duty}", work, stop), name=duty, daemon=True)
        for duty, work in duties.items()
    ]
    for thread in threads:
        thread.start()
    log.info("%s: running %s", name, ", ".join(duties))
    # A wait with a time-out lets Python see signals.
    while not stop.wait(0.5):
        pass
    for thread in threads:
        thread.join(timeout=10)
    log.info("%s: stopped", name)


def keep(name: str, work: Duty, stop: threading.Event) -> None:
    """Runs a duty again and again until `stop`, with back-off and jitter after a failure; says so on change."""
    pause, said = FIRST_PAUSE_S, ""
    while not stop.is_set():
        began = time.monotonic()
        try:
            work(stop)
            pause, said = FIRST_PAUSE_S, ""
        except Exception as error:
            if time.monotonic() - began > WELL_S:
                # It had been well for a while: this is a new failure, not one more of the old.
                pause, said = FIRST_PAUSE_S, ""
            # The one broad except of the house: no failure of one duty may end the service.
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            if text != said:
                log.error("%s: %s; starting it again", name, text, exc_info=log.isEnabledFor(logging.DEBUG))
                said = text
            # Jitter keeps a city's agents from knocking all at once after an outage.
            stop.wait(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE_S)
