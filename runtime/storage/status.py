"""What a database holds and how its policies do."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import sql
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from runtime.db import Connection
from runtime.migrate import migrations
from runtime.settings import Settings
from runtime.storage import timescale
from runtime.storage.manifest import QUERIES
from runtime.storage.policies import COLUMNSTORE, RETENTION, changes, wanted
from runtime.storage.rollups import SAMPLES

TIMES = {**dict.fromkeys(SAMPLES, "time"), "event": "received", "reject": "received"}
WORDS = {COLUMNSTORE: "columns after", RETENTION: "kept"}
SHOWN = 12


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A table or rollup. `rows` is an estimate; `packed_from` and `packed_to` are bytes of compressed chunks."""

    name: str
    rows: int
    bytes: int
    chunks: int | None = None
    packed_chunks: int = 0
    packed_from: int = 0
    packed_to: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def ratio(self) -> float | None:
        """How many times smaller the column store made it."""
        return self.packed_from / self.packed_to if self.packed_to else None


class Run(msgspec.Struct, frozen=True):
    """A policy and its last run."""

    relation: str
    what: str
    last_run: datetime | None
    result: str
    failures: int
    error: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`faults`: lines that somebody must act on; none on a healthy database."""

    server: str
    timescaledb: str
    migration: int
    newest_migration: int
    tables: list[Held]
    policies: list[Run]
    faults: list[str]


def look(connection: Connection, settings: Settings) -> Found:
    """Reads catalogues, not rows: fast on a large database, too. Raises psycopg.Error."""
    done = _done(connection)
    shipped = migrations()
    pending = [one.name for one in shipped if one.number not in done]
    version = timescale.version(connection)
    runs = _runs(connection) if version else []
    return Found(
        server=connection.info.parameter_status("server_version") or "",
        timescaledb=version,
        migration=max(done, default=0),
        newest_migration=shipped[-1].number,
        tables=_tables(connection, bool(version)),
        policies=runs,
        faults=[
            *(f"migration {name} is pending: run `sunlit db migrate`" for name in pending),
            *(f"{run.relation}: {run.what}: failed: {run.error}" for run in runs if run.result == "Failed"),
            *(_workers(connection) if version else ()),
            *(_drift(connection, settings) if version and not pending else ()),
        ],
    )


def _done(connection: Connection) -> set[int]:
    row = connection.execute(QUERIES["is_migrated"]).fetchone()
    if not row or not row["yes"]:
        return set()
    return {one["number"] for one in connection.execute(QUERIES["migrations"])}


def _workers(connection: Connection) -> list[str]:
    row = connection.execute(timescale.QUERIES["workers"]).fetchone()
    if not row or row["processes"] >= row["wanted"]:
        return []
    return [
        f"max_worker_processes: {row['processes']}, expected {row['wanted']} or more (3 +"
        " timescaledb.max_background_workers + max_parallel_workers): policies find no process to run in"
    ]


def _drift(connection: Connection, settings: Settings) -> list[str]:
    delete, add = changes(wanted(settings.retention, settings.timescale), timescale.policies(connection))
    if not delete and not add:
        return []
    return [f"{len(delete) + len(add)} policies differ from the settings: run `sunlit db migrate`"]


def _tables(connection: Connection, chunked: bool) -> list[Held]:
    rows = connection.execute(timescale.QUERIES["hypertables"], {}).fetchall() if chunked else []
    found = [_held(connection, row) for row in rows]
    names = {one.name for one in found}
    plain = [row for row in connection.execute(QUERIES["sizes"]).fetchall() if row["name"] not in names]
    return [*found, *(_held(connection, row) for row in plain)]


def _held(connection: Connection, row: dict[str, Any]) -> Held:
    known = {name: row[name] for name in row if row[name] is not None}
    if row["name"] in TIMES:
        known |= _span(connection, row["name"], known.get("oldest"))
    return Held(**known)


def _span(connection: Connection, name: str, first_chunk: datetime | None) -> dict[str, datetime]:
    """When the first and the last row are of. With chunks the first is where the oldest chunk begins."""
    if first_chunk is not None:
        newest = connection.execute(timescale.QUERIES["newest"].format(sql.Identifier(name)), {"name": name}).fetchone()
        return {"newest": newest["newest"]} if newest and newest["newest"] else {}
    statement = sql.SQL("SELECT min({0}) AS oldest, max({0}) AS newest FROM {1}")
    row = connection.execute(statement.format(sql.Identifier(TIMES[name]), sql.Identifier(name))).fetchone()
    return {end: row[end] for end in ("oldest", "newest") if row and row[end]}


def _runs(connection: Connection) -> list[Run]:
    last = {row["job_id"]: row for row in connection.execute(timescale.QUERIES["runs"])}
    found = []
    for job, policy in timescale.policies(connection).items():
        row = last[job]
        what = WORDS.get(policy.job, f"refreshed every {timedelta(seconds=policy.every)}, up to")
        found.append(
            Run(
                policy.relation,
                f"{what} {_age(policy.after)}",
                row["last_run"],
                row["result"] or "never run",
                row["failures"] or 0,
                " ".join((row["error"] or "").split()),
            )
        )
    return sorted(found, key=lambda run: (run.relation, run.what))


def _age(seconds: int) -> str:
    return f"{seconds // 86_400} d" if seconds % 86_400 == 0 else str(timedelta(seconds=seconds))


def as_json(found: Found) -> str:
    return msgspec.json.encode(found).decode()


def show(found: Found, console: Console) -> None:
    """The same for people; small tables are left out."""
    console.print(f"PostgreSQL {found.server}, TimescaleDB {found.timescaledb or 'no'}", highlight=False)
    console.print(f"migration {found.migration} of {found.newest_migration}", highlight=False)
    table = Table("table", "rows, about", "size", "chunks", "compressed", "oldest", "newest")
    for one in [one for one in found.tables if one.chunks is not None or one.name in TIMES]:
        packed = f"{one.packed_chunks} chunks, {one.ratio:.1f} times smaller" if one.ratio else ""
        chunks = "" if one.chunks is None else str(one.chunks)
        table.add_row(one.name, str(one.rows), decimal(one.bytes), chunks, packed, _time(one.oldest), _time(one.newest))
    others = [one for one in found.tables if one.chunks is None and one.name not in TIMES]
    for one in others[:SHOWN]:
        table.add_row(one.name, str(one.rows), decimal(one.bytes), "", "", "", "")
    rest = others[SHOWN:]
    table.add_row(f"{len(rest)} others", str(sum(one.rows for one in rest)), decimal(sum(one.bytes for one in rest)))
    console.print(table)
    if found.policies:
        console.print(_policies(found.policies))
    for fault in found.faults:
        console.print(fault, style="red", highlight=False)


def _policies(runs: list[Run]) -> Table:
    table = Table("policy of", "what", "last run", "result", "failures")
    for run in runs:
        table.add_row(run.relation, run.what, _time(run.last_run), run.result, str(run.failures))
    return table


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
