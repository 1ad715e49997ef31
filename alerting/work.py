"""The duties of the engine: workers that poll and listen, and the sweep that misses nothing."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime

from psycopg.types.json import Jsonb

from alerting.clock import DeskClock
from alerting.engine import Engine
from alerting.means import means
from alerting.sql import INBOX
from runtime.db import Connection, Role, connect
from runtime.service import Duty
from runtime.settings import Settings

log = logging.getLogger(__name__)
BEAT_S = 5.0
SWEEP_S = 60.0
BOUNDS = ("lock_timeout=1s", "statement_timeout=20s")
"""nobody waits longer for a row that another holds; with the limit for idle transactions no lock lasts long"""
HEARD = ("event", "command")
"""hints that mean work; the desk's own changes come over the same channel"""
Watch = Callable[[float, int], None]
"""told after each cycle how many seconds it took and how much was done"""


def duties(settings: Settings) -> dict[str, Duty]:
    """All of one process."""
    workers = {f"engine-{number + 1}": work(settings, number) for number in range(settings.alerting.workers)}
    return {**workers, "sweep": sweep(settings)}


def work(settings: Settings, number: int = 0, watch: Watch = lambda seconds, done: None) -> Duty:
    """One worker: polls once a second; a hint on the channel `sunlit` only makes it look earlier."""

    def duty(stop: threading.Event) -> None:
        instance = f"{socket.gethostname()}-{os.getpid()}-{number + 1}"
        with (
            connect(settings.database, Role.ALERTING, *BOUNDS) as connection,
            connect(settings.database, Role.ALERTING) as listener,
        ):
            listener.execute("LISTEN sunlit")
            engine = Engine(connection, means(settings), number, settings.alerting.workers)
            clock, beaten = DeskClock(connection), float("-inf")
            while not stop.is_set():
                # A clock that runs out is seen at the next poll at the latest; a hint makes it sooner.
                now, began = clock.ask(), time.monotonic()
                done = engine.cycle(now)
                took = time.monotonic() - began
                watch(took, done)
                if began - beaten > BEAT_S:
                    beat(connection, instance, now, took)
                    beaten = began
                if not engine.more:
                    _wait(listener, settings.alerting.poll_s, stop)

    return duty


def sweep(settings: Settings) -> Duty:
    """Once a minute everything that is a week old or younger, whatever the workers' cursors believe."""

    def duty(stop: threading.Event) -> None:
        with connect(settings.database, Role.ALERTING, "lock_timeout=1s") as connection:
            engine, clock = Engine(connection, means(settings)), DeskClock(connection)
            while not stop.wait(SWEEP_S):
                found = engine.sweep(clock.ask())
                if found:
                    log.info("the sweep did %d that no worker had done yet", found)

    return duty


def beat(connection: Connection, instance: str, now: datetime, took_s: float) -> None:
    """A sign of life, with the desk's time, from which whoever starts later goes on."""
    info = {"desk_time": now.isoformat(), "cycle_ms": round(took_s * 1000, 1)}
    connection.execute(INBOX["beat"], {"instance": instance, "info": Jsonb(info)})


def _wait(listener: Connection, seconds: float, stop: threading.Event) -> None:
    end = time.monotonic() + seconds
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        for notice in listener.notifies(timeout=min(left, 1.0)):
            if notice.payload in HEARD:
                return
