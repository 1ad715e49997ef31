"""One run: the background comes up, alarms go out on their timetable, and every page is waited for."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid4

from alerting.bench.city import SITE, enrol
from alerting.bench.numbers import LIMIT_MS, Numbers, Way, spread, stages, timetable
from alerting.bench.raiser import Raiser
from alerting.bench.sql import QUERIES
from alerting.bench.system import BenchError, System
from runtime.db import Connection, Role, connect
from runtime.load.generator import SPAWN, Board, Plan, generate, new_board
from runtime.load.machine import Idle, cpu_seconds, idle
from runtime.load.payload import fleet
from runtime.load.raising import Timetable
from runtime.load.running import Tell

CONNECT_S = 30.0
PAGES_S = 60.0
"""who has not been paged by then is missing"""
WARM_ALARMS = 5
"""the first ones make connections and plans; they are not counted"""
BREATH_S = 3.0
"""between the last alarm of the timetable and the burst"""

"""hears of a step, how far it is and how far it goes"""


class Load(NamedTuple):
    """What a person asked for: `background` in messages a second, `burst` alarms at one moment after the others."""

    background: float
    devices: int
    alarms: int
    seconds: float
    burst: int
    warm_s: float

    @property
    def lifts(self) -> int:
        return WARM_ALARMS + self.alarms + self.burst


class Snapshot(NamedTuple):
    at: float
    committed: int
    cpu: dict[str, float]
    machine: Idle


def measure(system: System, load: Load, seed: int, tell: Tell) -> Numbers:
    """Runs the bench on a system. Raises BenchError, RaiserError, psycopg.Error."""
    database = system.parts.settings.database
    ids = enrol(database, fleet(load.devices))
    raiser = Raiser(_plan(system, load, Random(seed)), system.parts.folder / "edge.log")
    with connect(database, Role.OWNER) as connection, _background(system, load) as board:
        tell("services", 0, 1)
        system.await_services(connection)
        try:
            raiser.start(CONNECT_S)
            if load.background:
                system.until(lambda: board.accepted > 0 or bool(board.error), CONNECT_S, "background")
            _wait(system, board, load.warm_s, "warming up", tell)
            raiser.go()
            before, after = _run(system, raiser, board, load, ids, connection, tell)
            _await_pages(system, raiser, load, tell)
        finally:
            raiser.stop()
        ways = _ways(connection, system, raiser)
        return _numbers(connection, system, load, (before, after), board, raiser, ways)


def _plan(system: System, load: Load, rng: Random) -> Timetable:
    """First the alarms that warm up, then those that count, then the burst; each on a lift of its own."""
    warm = timetable(0.0, load.warm_s, [0.0] * WARM_ALARMS)
    even = timetable(load.warm_s, load.seconds, [rng.random() for _ in range(load.alarms)])
    burst = [load.warm_s + load.seconds + BREATH_S] * load.burst
    settings = system.parts.settings.broker
    return Timetable(
        port=settings.port,
        site=SITE,
        spool=str(system.parts.folder / "spool"),
        alarms=tuple(zip([*warm, *even, *burst], system.lifts, strict=True)),
    )


@contextmanager
def _background(system: System, load: Load) -> Iterator[Board]:
    """The fleet's telemetry by the light publisher, from another process; it ends with the bench."""
    board = new_board()
    if not load.background:
        yield board
        return
    whole = 2 * load.warm_s + load.seconds + BREATH_S + CONNECT_S + PAGES_S
    plan = Plan(system.parts.settings.broker, load.devices, 1, load.background, whole, uuid4())
    generator = SPAWN.Process(target=generate, args=(plan, board), daemon=True)
    generator.start()
    try:
        yield board
    finally:
        board.stop = 1
        generator.join(10)
        generator.kill()


def _run(
    system: System,
    raiser: Raiser,
    board: Board,
    load: Load,
    ids: tuple[int, int],
    connection: Connection,
    tell: Tell,
) -> tuple[Snapshot, Snapshot]:
    def snapshot() -> Snapshot:
        row = connection.execute(QUERIES["committed"], {"first": ids[0], "last": ids[1]}).fetchone()
        cpu = system.cpu() | {"edge": cpu_seconds(raiser.pids), "bench": time.process_time()}
        return Snapshot(time.monotonic(), int(row["count"]) if row else 0, cpu, idle())

    _wait(system, board, load.warm_s, "first alarms", tell)
    before = snapshot()
    _wait(system, board, load.seconds, "alarms", tell)
    after = snapshot()
    if load.burst:
        _wait(system, board, BREATH_S, "burst", tell)
    return before, after


def _wait(system: System, board: Board, seconds: float, step: str, tell: Tell) -> None:
    began = time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        tell(step, gone, seconds)
        system.check()
        if board.error:
            raise BenchError(board.error.decode())
        time.sleep(min(0.2, seconds - gone))


def _await_pages(system: System, raiser: Raiser, load: Load, tell: Tell) -> None:
    """Until the gateway has heard of each alarm; who is still missing after a while is counted, not waited for."""
    end = time.monotonic() + PAGES_S
    while time.monotonic() < end:
        # The crew's page and the property's notice of each.
        if len(raiser.raised) == load.lifts and len(system.gateway.received) >= 2 * load.lifts:
            return
        tell("last pages", len(system.gateway.received), 2 * load.lifts)
        system.check()
        time.sleep(0.1)


def _ways(connection: Connection, system: System, raiser: Raiser) -> dict[UUID, Way]:
    found = {}
    for row in connection.execute(QUERIES["ways"]).fetchall():
        raised, pages = raiser.raised.get(row["event_id"]), system.gateway.received.get(row["dedupe"])
        if raised is not None and pages:
            found[raised.event] = Way(
                decided=raised.decided,
                spooled=raised.kept,
                stored=row["stored"].timestamp(),
                opened=row["opened"].timestamp(),
                sent=row["sent"].timestamp(),
                received=pages[0],
            )
    return found


def _numbers(
    connection: Connection,
    system: System,
    load: Load,
    steady: tuple[Snapshot, Snapshot],
    board: Board,
    raiser: Raiser,
    ways: dict[UUID, Way],
) -> Numbers:
    before, after = steady
    seconds = after.at - before.at
    # The edge raised them in the order of its timetable.
    order = [ways.get(raised.event) for raised in raiser.raised.values()]
    even = [way for way in order[WARM_ALARMS : WARM_ALARMS + load.alarms] if way is not None]
    burst = [way for way in order[WARM_ALARMS + load.alarms :] if way is not None]
    found = spread([way.whole_ms for way in even])
    name, durable = _database(connection)
    machine = after.machine.total - before.machine.total
    return Numbers(
        alarms=load.alarms,
        seconds=round(seconds, 1),
        background=load.background,
        devices=load.devices,
        database=name,
        durable=durable,
        cores=len(os.sched_getaffinity(0)),
        p50_ms=found.p50_ms,
        p95_ms=found.p95_ms,
        p99_ms=found.p99_ms,
        max_ms=found.max_ms,
        limit_ms=LIMIT_MS,
        ratio=None if found.p99_ms is None else round(found.p99_ms / LIMIT_MS, 3),
        stages=stages(even),
        background_per_second=round((after.committed - before.committed) / seconds, 1),
        background_late_s=round(board.late_us / 1_000_000, 3),
        burst=load.burst,
        burst_ms=spread([way.whole_ms for way in burst]),
        burst_stages=stages(burst),
        raised=len(raiser.raised),
        paged=len(ways),
        repeated=sum(len(times) - 1 for times in system.gateway.received.values()),
        missing=load.lifts - len(ways),
        idle_share=round((after.machine.idle - before.machine.idle) / max(machine, 1e-9), 3),
        cores_used={name: round((after.cpu[name] - before.cpu[name]) / seconds, 3) for name in after.cpu},
    )


def _database(connection: Connection) -> tuple[str, bool]:
    """What the database is, and whether it keeps what it has committed over a power cut."""
    found = {row["name"]: row["setting"] for row in connection.execute(QUERIES["settings"])}
    durable = all(found[key] == "on" for key in ("fsync", "synchronous_commit", "full_page_writes"))
    return f"PostgreSQL {found['server_version']}", durable
