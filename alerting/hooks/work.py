"""The duty of webhooks: gathers what happened and lets each have its turn, beside the engine and never in its way.

It has connections of its own, reads what the desk has committed, and locks nothing of the desk's.
"""

import logging
import os
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from alerting.clock import DeskClock
from alerting.hooks import QUERIES
from alerting.hooks.deliver import Sender, Turn
from alerting.hooks.gather import Gatherer
from runtime.db import Connection, Pool, Role, connect, pool
from runtime.service import Duty
from runtime.settings import Settings

log = logging.getLogger(__name__)
BOUNDS = ("statement_timeout=10s", "lock_timeout=1s")
IN_PARALLEL = 8
"""other systems that are told something at once; one that is slow holds up its own turn"""
QUEUED = 1000
"""of one webhook; what comes after waits as a number"""
PAGE = 500
SWEEP_S = 60.0


def fan_out(connection: Connection, now: datetime) -> int:
    """Puts what is new into the queue of everybody who asked for it; returns how many have something new."""
    if connection.execute(QUERIES["begun"]).rowcount:
        connection.execute(QUERIES["forget_old"])
    last = connection.execute(QUERIES["last_seq"]).fetchone()
    assert last is not None
    behind = connection.execute(QUERIES["behind"], {"last": last["seq"], "most": QUEUED}).fetchall()
    for row in behind:
        values = {"webhook": row["id"], "epoch": row["epoch"], "cursor": row["cursor"], "now": now, "limit": PAGE}
        connection.execute(
            QUERIES["fan_out"], {**values, "kinds": row["kinds"], "towns": row["town_codes"], "drills": row["drills"]}
        )
    return len(behind)


def waiting(connection: Connection, now: datetime) -> list[int]:
    """Whose turn it is."""
    return [row["id"] for row in connection.execute(QUERIES["waiting"], {"now": now}).fetchall()]


def cycle(connection: Connection, connections: Pool, gatherer: Gatherer, sender: Sender, now: datetime) -> int:
    """Gathers and tells everything that is due once, one after the other; returns how many were tried. For tests."""
    gatherer.cycle(connection, now)
    gatherer.sweep(connection, now)
    while fan_out(connection, now):
        pass
    return sum(Turn(connections, one, "cycle", sender).run(lambda: now) for one in waiting(connection, now))


def work(settings: Settings) -> Duty:
    """The duty: polls once a second."""

    def duty(stop: threading.Event) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}"
        sender = Sender(settings.alerting.hooks_timeout_s, settings.alerting.hooks_private)
        connections = pool(settings.database, Role.ALERTING, size=IN_PARALLEL)
        try:
            with (
                connect(settings.database, Role.ALERTING, *BOUNDS) as connection,
                ThreadPoolExecutor(IN_PARALLEL) as threads,
            ):
                clock, gatherer, swept = DeskClock(connection), Gatherer(), float("-inf")
                busy: dict[int, Future[int]] = {}
                while not stop.is_set():
                    now = clock.ask()
                    gatherer.cycle(connection, now)
                    if time.monotonic() - swept > SWEEP_S:
                        gatherer.sweep(connection, now)
                        swept = time.monotonic()
                    behind = fan_out(connection, now)
                    _reap(busy)
                    for one in waiting(connection, now):
                        if one not in busy and len(busy) < IN_PARALLEL:
                            busy[one] = threads.submit(Turn(connections, one, f"{name}-{one}", sender).run, clock)
                    if not (gatherer.more or behind):
                        stop.wait(settings.alerting.poll_s)
        finally:
            connections.close()

    return duty


def _reap(busy: dict[int, Future[int]]) -> None:
    """Takes out the turns that ended. What was not written down is told again when its lease is over."""
    for one in [one for one, future in busy.items() if future.done()]:
        error = busy.pop(one).exception()
        if error is not None:
            log.error("webhook %d: %s: %s", one, type(error).__name__, " ".join(str(error).split()))
