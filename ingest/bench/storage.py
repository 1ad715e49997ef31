"""How many bytes a sample takes: on plain PostgreSQL, in TimescaleDB's rows, in its columns, and in its rollups."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import IO

from psycopg import sql

from contracts.kinds import Lane
from contracts.messages import Telemetry, decode
from ingest.bench.sizes import Chunked, Kept, Sizes
from ingest.bench.sql import QUERIES
from ingest.bench.system import BenchError
from ingest.devices import Device
from ingest.normalise import Row
from ingest.samples import copy, rows_of
from runtime.db import Connection, Role, connect
from runtime.migrate import has_timescale, migrate
from runtime.settings import DatabaseSettings, TimescaleSettings
from runtime.stack.postgres import Postgres
from runtime.stack.process import sunlit
from runtime.storage import retention, timescale
from runtime.storage.keeping import INGEST, Rule
from runtime.storage.rollups import WIDTHS

TABLE = "lift_sample"
BATCH = 5000
LATENCY_MS = (20, 220)
"""from a sample to the time that ingest gives its batch, with a linger of 200 ms"""

Tell = Callable[[str, float], None]
"""is told what is being done and which share of it is"""


def measure(lifts: int, hours: float, every_s: float, chunk_hours: int, home: Path | None, tell: Tell) -> Sizes:
    """Raises BenchError, PostgresError, psycopg.Error."""
    with _server(home) as server:
        plain = server.database("plain")
        migrate(plain, plain=True)
        chunked = _with_timescale(server, chunk_hours)
        databases = [plain, *([chunked] if chunked else [])]
        rows = _fill(databases, lifts, hours, every_s, tell)
        with connect(plain, Role.OWNER) as connection:
            tell("plain PostgreSQL", 0)
            connection.execute("VACUUM ANALYZE lift_sample")
            version = connection.info.parameter_status("server_version") or ""
            parts = {row["part"]: row["bytes"] / rows for row in connection.execute(QUERIES["parts"])}
            deleted = _delete(connection, tell)
        packed = _chunked(chunked, rows, chunk_hours, tell) if chunked else None
    return Sizes(
        lifts=lifts,
        hours=hours,
        every_s=every_s,
        rows=rows,
        postgresql=version,
        plain=parts,
        delete_rows_per_s=round(deleted),
        chunked=packed,
    )


@contextmanager
def _server(home: Path | None) -> Iterator[Postgres]:
    """Durable, as it comes."""
    folder = Path(mkdtemp(prefix="sunlit-bench-", dir=home))
    folder.chmod(0o755)
    server = Postgres(folder / "postgres")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _with_timescale(server: Postgres, chunk_hours: int) -> DatabaseSettings | None:
    database = server.database("chunked")
    with connect(database, Role.OWNER) as connection:
        if not has_timescale(connection):
            return None
    # Policies must not pack a chunk before it is measured.
    migrate(database, timescale=TimescaleSettings(chunk_hours=chunk_hours, columnstore_after_hours=24 * 365 * 100))
    return database


def _fill(databases: list[DatabaseSettings], lifts: int, hours: float, every_s: float, tell: Tell) -> int:
    """The simulator's samples through ingest's own code into every database; returns how many there are."""
    devices = {f"lift-{number:06}": Device(number, "", False) for number in range(lifts)}
    expected, written = max(1, int(hours * 3600 / every_s) * lifts), 0
    words = ["edge", "samples", "--lifts", str(lifts), "--hours", str(hours), "--every", str(every_s)]
    connections = [connect(database, Role.INGEST) for database in databases]
    with subprocess.Popen(sunlit(*words), stdout=subprocess.PIPE) as simulator:
        assert simulator.stdout
        try:
            for rows in _batches(simulator.stdout, devices):
                for connection in connections:
                    copy(connection, TABLE, rows)
                written += len(rows)
                tell("writing a day", written / expected)
        finally:
            simulator.kill()
            for connection in connections:
                connection.close()
    if written != expected:
        raise BenchError(f"the simulator made {written} samples, expected {expected}")
    return written


def _batches(lines: IO[bytes], devices: dict[str, Device]) -> Iterator[list[Row]]:
    rng, rows = Random(1), list[Row]()
    for line in lines:
        message = decode(Lane.TELEMETRY, line)
        assert isinstance(message, Telemetry)
        received = message.base + timedelta(milliseconds=rng.uniform(*LATENCY_MS))
        rows += rows_of([message], devices, received)[TABLE]
        if len(rows) >= BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _delete(connection: Connection, tell: Tell) -> float:
    """Rows a second that retention deletes: all of them are old."""
    began = time.monotonic()
    gone = retention.sweep(connection, [Rule(TABLE, 1, INGEST)], lambda *_: tell("deleting", 0))
    return gone[TABLE] / (time.monotonic() - began)


def _chunked(database: DatabaseSettings, rows: int, chunk_hours: int, tell: Tell) -> Chunked:
    with connect(database, Role.OWNER) as connection:
        tell("rollups", 0)
        began = time.monotonic()
        for width in WIDTHS:
            connection.execute(sql.SQL("CALL refresh_continuous_aggregate({}, NULL, NULL)").format(f"lift_{width}"))
        refreshed = time.monotonic() - began
        loose = _size(connection, f"public.{TABLE}")
        tell("columns", 0)
        began = time.monotonic()
        _pack(connection, TABLE)
        packed = time.monotonic() - began
        return Chunked(
            version=timescale.version(connection),
            chunk_hours=chunk_hours,
            rows=loose / rows,
            columns=_size(connection, f"public.{TABLE}") / rows,
            pack_rows_per_s=round(rows / packed),
            refresh_rows_per_s=round(rows / refreshed),
            rollups={width: _rollup(connection, f"lift_{width}") for width in WIDTHS},
        )


def _rollup(connection: Connection, name: str) -> Kept:
    row = connection.execute(QUERIES["rollup_table"], {"name": name}).fetchone()
    count = connection.execute(sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(name))).fetchone()
    assert row
    assert count
    loose = _size(connection, row["name"])
    _pack(connection, row["name"])
    return Kept(rows=count["n"], loose=loose / count["n"], packed=_size(connection, row["name"]) / count["n"])


def _pack(connection: Connection, name: str) -> None:
    for row in connection.execute(QUERIES["chunks"], {"name": name}).fetchall():
        connection.execute(sql.SQL("CALL convert_to_columnstore({})").format(row["name"]))


def _size(connection: Connection, name: str) -> int:
    row = connection.execute(QUERIES["hypertable_bytes"], {"name": name}).fetchone()
    assert row
    return int(row["bytes"])
