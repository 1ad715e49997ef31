"""One run: the limits, then the load with its timed messages, then the equation."""

import os
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from contracts.kinds import Lane
from ingest.bench.limits import bare_consumer, bare_copy
from ingest.bench.load import Run, Steady
from ingest.bench.numbers import Numbers
from ingest.bench.probe import Probes
from ingest.bench.sql import QUERIES
from ingest.bench.system import BenchError, System, register
from ingest.sql import QUERIES as INGEST
from runtime.db import Connection, Role, connect
from runtime.load.generator import Plan
from runtime.load.machine import spent
from runtime.load.payload import PREFIX, fleet, probes
from runtime.load.percentile import percentile
from runtime.load.running import Tell

READY_S = 60.0
KEPT_UP_S = 2.0
"""of the rate, that may be on the way when the load ends"""
LATE_S = 1.0
"""a generator that was later than this was itself the bottleneck"""


class Load(NamedTuple):
    """What a person asked for. `rate` in messages a second, 0: as fast as it is committed."""

    devices: int
    rate: float
    seconds: float
    samples: int
    backlog: int
    connections: int
    warm_s: float
    limit_s: float


class Audit(NamedTuple):
    """The equation as the database has it, over all that the bench sent."""

    stored: int
    rejected: int
    lost: int
    duplicated: int


def measure(system: System, load: Load, tell: Tell) -> Numbers:
    """Runs the bench on a system. Raises BenchError, LimitError and psycopg.Error."""
    boot = uuid4()
    timed = probes(max(1, len(system.workers)))
    ids = register(system.settings.database, [*fleet(load.devices), *timed])
    plan = Plan(
        broker=system.settings.broker,
        devices=load.devices,
        samples=load.samples,
        rate=load.rate,
        seconds=load.warm_s + load.seconds + 0.5,
        boot=boot,
        connections=load.connections,
    )
    tell("bare consumer", 0, 1)
    consumer = bare_consumer(plan, load.limit_s, load.backlog)
    tell("bare COPY", 0, 1)
    copied = bare_copy(system.settings.database, plan, load.limit_s, system.settings.ingest.batch)
    tell("ingest", 0, 1)
    system.start_ingest()
    codes = [ids[member.code] for member in fleet(load.devices)]
    watch = Probes(
        system.settings, {ids[member.code]: member for member in timed}, boot, load.samples, events=system.own
    )
    run = Run(system, plan, load.warm_s, load.backlog, (min(codes), max(codes)), watch, tell)
    with connect(system.settings.database, Role.INGEST) as connection:
        watch.start()
        try:
            _ready(system, watch)
            steady = run.run(connection)
        finally:
            watch.end()
        return _numbers(connection, run, load, steady, (consumer, copied), boot)


def _ready(system: System, watch: Probes) -> None:
    """Waits until a message of every lane has gone all the way. Raises BenchError."""
    end = time.monotonic() + READY_S
    while not all(len(watch.late[lane]) >= len(watch.members) for lane in watch.lanes):
        system.check()
        if watch.error:
            raise BenchError(watch.error)
        if time.monotonic() > end:
            raise BenchError(f"no message has come through in {READY_S:g} s; does ingest run on this broker?")
        time.sleep(0.05)


def _audit(connection: Connection, boot: UUID) -> Audit:
    rows = [row for row in connection.execute(INGEST["audit"]) if row["boot"] == str(boot)]
    total = {name: sum(int(row[name]) for row in rows) for name in ("stored", "rejected", "lost", "duplicates")}
    return Audit(total["stored"], total["rejected"], total["lost"], total["duplicates"])


def _one(connection: Connection, query: str, values: dict[str, object]) -> int:
    row = connection.execute(QUERIES[query], values).fetchone()
    return int(row["count"]) if row else 0


def _database(connection: Connection) -> tuple[str, bool]:
    """What the database is, and whether it keeps what it has committed over a power cut."""
    found = {row["name"]: row["setting"] for row in connection.execute(QUERIES["settings"])}
    extension = connection.execute(QUERIES["has_timescale"]).fetchone()
    name = f"PostgreSQL {found['server_version']}" + (f", TimescaleDB {extension['version']}" if extension else "")
    return name, all(found[key] == "on" for key in ("fsync", "synchronous_commit", "full_page_writes"))


def _late(run: Run, steady: Steady, lane: Lane) -> Sequence[float]:
    """The times of messages that were sent in the steady part."""
    return [late for sent, late in run.probes.late[lane] if steady.before.at <= sent <= steady.after.at]


def _numbers(
    connection: Connection, run: Run, load: Load, steady: Steady, limits: tuple[float, float], boot: UUID
) -> Numbers:
    before, after, board = steady.before, steady.after, run.board
    seconds, committed = after.at - before.at, after.committed - before.committed
    rate, audit = committed / seconds, _audit(connection, boot)
    name, durable = _database(connection)
    telemetry, events = _late(run, steady, Lane.TELEMETRY), _late(run, steady, Lane.EVENT)
    published = board.accepted + run.probes.published
    sent_samples = (board.accepted + run.probes.published_on[Lane.TELEMETRY]) * load.samples
    machine = after.machine.total - before.machine.total
    late_s = board.late_us / 1_000_000
    return Numbers(
        devices=load.devices,
        rate=load.rate,
        seconds=round(seconds, 1),
        samples=load.samples,
        workers=len(run.system.workers),
        cores=len(os.sched_getaffinity(0)),
        database=name,
        durable=durable,
        messages_per_second=round(rate, 1),
        samples_per_second=round(rate * load.samples, 1),
        cpu_s_per_10k=spent(before.cpu, after.cpu, committed),
        p50_s=percentile(telemetry, 0.5),
        p95_s=percentile(telemetry, 0.95),
        p99_s=percentile(telemetry, 0.99),
        event_p50_s=percentile(events, 0.5),
        event_p95_s=percentile(events, 0.95),
        event_p99_s=percentile(events, 0.99),
        probes=len(telemetry),
        consumer_messages_per_second=round(limits[0], 1),
        copy_rows_per_second=round(limits[1], 1),
        ratio_consumer=round(rate / limits[0], 3),
        ratio_copy=round(rate * load.samples / limits[1], 3),
        published=published,
        stored=audit.stored,
        rejected=audit.rejected,
        lost=audit.lost,
        duplicated=audit.duplicated,
        unexplained=published - audit.stored - audit.rejected - audit.lost,
        samples_published=sent_samples,
        samples_stored=_one(connection, "samples", {"boot": boot, "prefix": f"{PREFIX}%"}),
        resent=board.resent,
        unheard=board.unheard,
        refused=board.refused,
        backlog=steady.backlog,
        drain_s=round(steady.drain_s, 2),
        generator_late_s=round(late_s, 3),
        sustained=not load.rate or (steady.backlog <= KEPT_UP_S * load.rate and late_s < LATE_S),
        idle_share=round((after.machine.idle - before.machine.idle) / max(machine, 1e-9), 3),
        ingest_memory_mb=(before.memory_mb, after.memory_mb),
    )
