"""One run: so many incidents are open, crews answer or do not, and real workers keep every clock."""

import logging
import os
import threading
import time
from datetime import datetime, timedelta
from heapq import heappop, heappush
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from typing import NamedTuple

from psycopg.types.json import Jsonb

from alerting import delivery, events, work
from alerting.bench import city
from alerting.bench.desk_numbers import CYCLE_LIMIT_MS, LATE_LIMIT_MS, DeskNumbers, ratio
from alerting.bench.gateway import Gateway
from alerting.bench.numbers import spread
from alerting.bench.sql import DESK, QUERIES
from alerting.bench.system import COMMIT_TIMES, BenchError
from alerting.means import Means
from runtime import log
from runtime.db import Connection, Role, connect
from runtime.load.generator import SPAWN
from runtime.load.machine import idle
from runtime.load.own import own_database
from runtime.load.running import Tell
from runtime.service import keep
from runtime.settings import DatabaseSettings, Settings

SPREAD_S = 2000.0
"""the incidents that are open began within so many seconds, and as many are new in as many"""
SILENT = 0.5
"""crews that never answer, so that the next tier is called"""
NOISE_PER_S = 5.0
"""events that mean nothing to the desk"""
RELEASE_S = 60.0
STEP_S = 0.1
READY_S = 60.0
Cycle = tuple[float, float, int]
"""when it ended (monotonic), seconds it took, and how much was done"""


class Wanted(NamedTuple):
    """What a person asked for."""

    open: int
    workers: int
    seconds: float
    warm_s: float

    @property
    def new_per_s(self) -> float:
        return self.open / SPREAD_S

    @property
    def lifts(self) -> int:
        return self.open + int(self.new_per_s * (self.seconds + self.warm_s)) + 1


def measure(settings: Settings, home: Path | None, wanted: Wanted, seed: int, plain: bool, tell: Tell) -> DeskNumbers:
    """Everything of the bench's own. Raises BenchError, PostgresError, psycopg.Error, OSError."""
    gateway = Gateway()
    gateway.start()
    try:
        with own_database(home, plain=plain, server=COMMIT_TIMES) as (_, database):
            codes = city.seed(database, wanted.lifts, gateway.address)
            chosen = settings.alerting.model_copy(update={"workers": wanted.workers})
            own = settings.model_copy(update={"database": database, "alerting": chosen})
            with connect(database, Role.OWNER) as connection:
                _fill(connection, database, codes[: wanted.open], Random(seed), tell)
                connection.execute("ANALYZE")
                return _run(own, connection, wanted, codes[wanted.open :], Random(seed), tell)
    finally:
        gateway.stop()


def _fill(owner: Connection, database: DatabaseSettings, codes: list[str], chance: Random, tell: Tell) -> None:
    """Opens an incident for each lift as if it had begun within the last minutes."""
    ages = sorted((chance.uniform(0, SPREAD_S) for _ in codes), reverse=True)
    row = owner.execute(DESK["clock"]).fetchone()
    assert row is not None
    with connect(database, Role.ALERTING) as desk:
        for number, (code, age) in enumerate(zip(codes, ages, strict=True)):
            tell("opening incidents", number, len(codes))
            at = row["now"] - timedelta(seconds=age)
            owner.execute(DESK["alarm"], {"rule": "trapped_non_level", "at": at, "codes": [code]})
            for event in owner.execute(DESK["unhandled"], {"at": at}).fetchall():
                with desk.transaction():
                    events.handle(desk, event, at, Means("http://bench.invalid"))
                    desk.execute(DESK["handled"], {"id": event["id"], "now": at})
    # Opening them took a while: everything is as if it had taken none.
    took = _clock(owner) - row["now"]
    for name in ("later_incidents", "later_dispatches", "on_the_way", "so_far"):
        owner.execute(DESK[name], {"by": took, "now": row["now"] + took})


def _serve(settings: Settings, pipe: Pipe) -> None:
    """The workers, as `sunlit alerting run` has them, with the letters beside them; in a process of its own."""
    log.configure("bench")
    # Each step is a line; here only what goes wrong is news.
    logging.getLogger().setLevel(logging.WARNING)
    cycles: list[Cycle] = []
    stop = threading.Event()
    duties = {
        f"engine-{number}": work.work(
            settings, number, lambda seconds, done: cycles.append((time.monotonic(), seconds, done))
        )
        for number in range(settings.alerting.workers)
    }
    duties |= {"sweep": work.sweep(settings), "outbox": delivery.work(settings)}
    threads = [threading.Thread(target=keep, args=(name, duty, stop), daemon=True) for name, duty in duties.items()]
    for thread in threads:
        thread.start()
    # Whatever comes means that the run is over.
    pipe.recv()
    stop.set()
    for thread in threads:
        thread.join(10)
    pipe.send(cycles)


class _People:
    """The crews of the first tier: some never answer, the others set out, arrive and set people free."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.newest = chance, 0
        self.queue: list[tuple[datetime, int, int, str, str]] = []
        self.given = 0

    def act(self, connection: Connection, now: datetime) -> None:
        for row in connection.execute(DESK["asked"], {"after": self.newest}).fetchall():
            self.newest = row["dispatch"]
            about = (row["incident_id"], row["dispatch"], row["code"])
            if row["state"] == "en_route":
                heappush(self.queue, (now + timedelta(seconds=self.chance.uniform(0, SPREAD_S)), *about, "arrived"))
            elif self.chance.random() >= SILENT:
                left = (row["accept_due"] - now).total_seconds()
                at = now + timedelta(seconds=self.chance.uniform(0, max(1.0, left - 1)))
                heappush(self.queue, (at, *about, "accept"))
        while self.queue and self.queue[0][0] <= now:
            self._give(connection, *heappop(self.queue))

    def _give(self, connection: Connection, at: datetime, incident: int, dispatch: int, code: str, kind: str) -> None:
        args = {"arrived": {"proof": "qr", "code": code}, "en_route": {"eta_minutes": "20"}}.get(kind, {})
        values = {"kind": kind, "incident": incident, "dispatch": dispatch, "args": Jsonb(args)}
        connection.execute(DESK["command"], values)
        self.given += 1
        following = {"accept": ("en_route", 15.0), "arrived": ("released", RELEASE_S)}.get(kind)
        if following:
            heappush(self.queue, (at + timedelta(seconds=following[1]), incident, dispatch, code, following[0]))


def _run(
    settings: Settings, owner: Connection, wanted: Wanted, fresh: list[str], chance: Random, tell: Tell
) -> DeskNumbers:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(settings, theirs), daemon=True)
    process.start()
    try:
        people, sent = _People(chance), (0, 0)
        _await_workers(owner, wanted.workers, tell)
        began = machine = None
        start, since = time.monotonic(), _clock(owner)
        whole = wanted.warm_s + wanted.seconds
        while (gone := time.monotonic() - start) < whole:
            if not process.is_alive():
                raise BenchError("the workers have ended")
            if began is None and gone >= wanted.warm_s:
                began, since, machine = time.monotonic(), _clock(owner), idle()
            tell("keeping clocks", gone, whole)
            people.act(owner, _clock(owner))
            sent = _events(owner, wanted, fresh, sent, gone)
            time.sleep(STEP_S)
        ended, after = time.monotonic(), idle()
        found = _late(owner, since)
        ours.send("over")
        if not ours.poll(READY_S):
            raise BenchError("the workers do not end")
        cycles: list[Cycle] = ours.recv()
    finally:
        process.kill()
    assert began is not None and machine is not None
    counted = [cycle for cycle in cycles if began <= cycle[0] <= ended]
    share = (after.idle - machine.idle) / max(0.01, after.total - machine.total)
    return _numbers(owner, wanted, counted, found, (people.given, sum(sent)), share)


def _await_workers(owner: Connection, workers: int, tell: Tell) -> None:
    end = time.monotonic() + READY_S
    while True:
        row = owner.execute(QUERIES["alive"]).fetchone()
        if row is not None and row["alerting"] >= workers:
            return
        if time.monotonic() > end:
            raise BenchError(f"the workers: no sign of life in {READY_S:g} s")
        tell("workers", 0, 1)
        time.sleep(STEP_S)


def _clock(owner: Connection) -> datetime:
    row = owner.execute(DESK["clock"]).fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found


def _events(owner: Connection, wanted: Wanted, fresh: list[str], sent: tuple[int, int], gone: float) -> tuple[int, int]:
    """What the sensors have sent by now: alarms of new lifts, and what means nothing to the desk."""
    alarms, noise = int(gone * wanted.new_per_s), int(gone * NOISE_PER_S)
    for number in range(sent[0], alarms):
        owner.execute(
            DESK["alarm"], {"rule": "trapped_non_level", "at": _clock(owner), "codes": [fresh[number % len(fresh)]]}
        )
    for number in range(sent[1], noise):
        owner.execute(
            DESK["alarm"], {"rule": "bench_noise", "at": _clock(owner), "codes": [fresh[number % len(fresh)]]}
        )
    return alarms, noise


def _late(owner: Connection, since: datetime) -> list[float]:
    return [row["ms"] for row in owner.execute(DESK["late"], {"since": since}).fetchall()]


def _numbers(
    owner: Connection,
    wanted: Wanted,
    cycles: list[Cycle],
    late: list[float],
    given: tuple[int, int],
    idle_share: float,
) -> DeskNumbers:
    rows = owner.execute(QUERIES["settings"]).fetchall()
    server = {row["name"]: row["setting"] for row in rows}
    left, is_open = (owner.execute(DESK[name]).fetchone() for name in ("left", "open"))
    assert left is not None and is_open is not None
    busy = spread([seconds * 1000 for _, seconds, done in cycles if done])
    lateness = spread(late)
    whole = wanted.seconds + wanted.warm_s
    return DeskNumbers(
        open=wanted.open,
        workers=wanted.workers,
        seconds=wanted.seconds,
        database=f"PostgreSQL {server['server_version']}",
        durable=all(server[name] == "on" for name in ("fsync", "synchronous_commit", "full_page_writes")),
        cores=len(os.sched_getaffinity(0)),
        cycles=len(cycles),
        busy=sum(bool(done) for *_, done in cycles),
        cycle=busy,
        cycle_ratio=ratio(busy.p99_ms, CYCLE_LIMIT_MS),
        fired=len(late),
        late=lateness,
        late_ratio=ratio(lateness.max_ms, LATE_LIMIT_MS),
        done_per_second=round(sum(done for *_, done in cycles) / wanted.seconds, 1),
        commands_per_second=round(given[0] / whole, 1),
        events_per_second=round(given[1] / whole, 1),
        open_at_end=is_open["n"],
        left=left["n"],
        idle_share=round(idle_share, 3),
    )
