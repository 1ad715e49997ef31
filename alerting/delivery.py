"""The duty that empties the outbox: many sendings side by side, none of which holds up another."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from alerting import rates
from alerting.channels import Outcome, open_channels
from alerting.clock import DeskClock
from alerting.outbox import Worker
from alerting.rates import Room
from runtime.db import Connection, Role, connect, pool
from runtime.settings import Settings

log = logging.getLogger(__name__)
IN_PARALLEL, PER_GATEWAY, OTHERS = 48, 12, 24
"""sendings under way at once: in all, through one gateway, and of those that are no first pages"""
BUSY_S = 0.1
CONNECTIONS = 8
Busy = dict[Future[Outcome | None], Mapping[str, Any]]


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: polls once a second; a hint on the channel `sunlit` only makes it look earlier."""

    def duty(stop: threading.Event) -> None:
        connections = pool(settings.database, Role.ALERTING, size=CONNECTIONS)
        worker = Worker(connections, open_channels(settings.alerting), settings.alerting.lease_s, settings.alerting)
        poll_s = settings.alerting.poll_s
        try:
            with connect(settings.database, Role.ALERTING) as listener, ThreadPoolExecutor(IN_PARALLEL + 1) as threads:
                listener.execute("LISTEN sunlit")
                clock = DeskClock(listener)
                busy: Busy = {}
                looking: Future[int] | None = None
                while not stop.is_set():
                    _reap(busy)
                    looking = _look(worker, clock, threads, looking)
                    room = _room(busy)
                    if not room.free:
                        wait(busy, timeout=poll_s, return_when=FIRST_COMPLETED)
                        continue
                    # Only as many as can start at once: a gateway that hangs holds its own threads, nothing else.
                    rows = worker.lease(clock.ask(), room.free, room)
                    busy |= {threads.submit(worker.send, row, clock): row for row in rows}
                    if not rows:
                        _rest(listener, busy if worker.more else {}, poll_s)
        finally:
            connections.close()

    return duty


def _look(worker: Worker, clock: DeskClock, threads: ThreadPoolExecutor, looking: Future[int] | None) -> Future[int]:
    """Receipts and waiting letters are looked at beside the sendings: no first page waits for them."""
    if looking is not None and not looking.done():
        return looking
    error = looking.exception() if looking is not None else None
    if error is not None:
        log.error("outbox: receipts and waiting letters: %s: %s", type(error).__name__, " ".join(str(error).split()))
    return threads.submit(lambda: worker.look(clock()))


def _rest(listener: Connection, busy: Busy, poll_s: float) -> None:
    """Until one of `busy` has ended, but not long: hints are not heard meanwhile. Without any, until a hint comes."""
    if busy:
        wait(busy, timeout=min(poll_s, BUSY_S), return_when=FIRST_COMPLETED)
        return
    for _ in listener.notifies(timeout=poll_s, stop_after=1):
        pass


def _room(busy: Busy) -> Room:
    others = sum(rates.weight(row["stage"]) is not rates.Weight.FIRST for row in busy.values())
    free = IN_PARALLEL - len(busy)
    under_way = Counter(row["gateway"] for row in busy.values())
    return Room(free, min(free, max(0, OTHERS - others)), PER_GATEWAY, under_way)


def _reap(busy: Busy) -> None:
    """Takes out the sendings that ended.

    One whose outcome could not be written stays open: its lease runs out, and it is sent again as a possible repeat.
    """
    for future in [future for future in busy if future.done()]:
        row = busy.pop(future)
        error = future.exception()
        if error is not None:
            words = " ".join(str(error).split())
            log.error("outbox %s: no outcome: %s: %s", row["dedupe"], type(error).__name__, words)
