"""Deletes what is older than the settings say: a batch at a time on plain PostgreSQL, whole chunks on TimescaleDB."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from runtime.db import Connection, Queries, Role, connect
from runtime.service import Duty
from runtime.settings import Settings
from runtime.storage import timescale
from runtime.storage.keeping import Rule, pause_s, rules
from runtime.storage.policies import DAY, RETENTION, wanted

log = logging.getLogger(__name__)
OLD = Queries("runtime.storage", "old.sql")
BATCH = 5000
EVERY_S = 3600.0
LOCK = 7_265_492

Tell = Callable[[str, int], None]
"""is told of every batch: the table, and how many rows or chunks of it have gone so far"""


def work(settings: Settings, role: Role) -> Duty:
    """The duty of a service: once an hour what is too old among the rows that it writes itself."""

    def duty(stop: threading.Event) -> None:
        mine = [rule for rule in rules(settings.retention) if rule.writer == role.value]
        while not stop.is_set():
            gone: dict[str, int] = {}
            # A database that is away is said by who needs it now; old rows can wait.
            with suppress(psycopg.OperationalError), connect(settings.database, role) as connection:
                gone = _alone(connection, mine, settings.retention.rows_per_s, stop)
            if any(gone.values()):
                told = ", ".join(f"{rows} of {table}" for table, rows in gone.items() if rows)
                log.info("too old and deleted: %s", told)
            stop.wait(EVERY_S)

    return duty


def _alone(connection: Connection, mine: Iterable[Rule], rows_per_s: int, stop: threading.Event) -> dict[str, int]:
    """One worker of a service is enough."""
    lock = {"lock": LOCK, "user": connection.info.user}
    row = connection.execute("SELECT pg_try_advisory_lock(%(lock)s, hashtext(%(user)s)) AS mine", lock).fetchone()
    if not row or not row["mine"]:
        return {}
    return sweep(connection, mine, lambda *_: None, rows_per_s, stop)


def sweep(
    connection: Connection,
    chosen: Iterable[Rule],
    tell: Tell,
    rows_per_s: int | None = None,
    stop: threading.Event | None = None,
) -> dict[str, int]:
    """Deletes old rows in batches, each a transaction of its own; returns how many by table."""
    chunked, now, stop = _chunked(connection), _now(connection), stop or threading.Event()
    mine = [rule for rule in chosen if rule.table not in chunked]
    gone = {rule.table: 0 for rule in mine}
    for rule in mine:
        while not stop.is_set():
            began = time.monotonic()
            rows = connection.execute(_delete(rule), {**_before(rule, now), "rows": BATCH}).rowcount
            if rows:
                gone[rule.table] += rows
                tell(rule.table, gone[rule.table])
            if rows < BATCH:
                break
            if rows_per_s:
                stop.wait(pause_s(rows, time.monotonic() - began, rows_per_s))
    return gone


def old_rows(connection: Connection, chosen: Iterable[Rule]) -> dict[str, int]:
    """How many rows would go, by table."""
    chunked, now = _chunked(connection), _now(connection)
    count = sql.SQL("SELECT count(*) AS n FROM ({}) AS old")
    found = {}
    for rule in chosen:
        if rule.table not in chunked:
            row = connection.execute(count.format(OLD[rule.table]), _before(rule, now)).fetchone()
            found[rule.table] = int(row["n"]) if row else 0
    return found


def old_chunks(connection: Connection, settings: Settings) -> dict[str, int]:
    """How many of TimescaleDB's chunks would go, by table or rollup; nothing on plain PostgreSQL."""
    return {table: len(_chunks(connection, "show_chunks", table, age)) for table, age in _ages(connection, settings)}


def drop_chunks(connection: Connection, settings: Settings, tell: Tell) -> dict[str, int]:
    """Drops them now, without waiting for the policy."""
    gone = {}
    for table, age in _ages(connection, settings):
        gone[table] = len(_chunks(connection, "drop_chunks", table, age))
        tell(table, gone[table])
    return gone


def _ages(connection: Connection, settings: Settings) -> list[tuple[str, timedelta]]:
    if not timescale.version(connection):
        return []
    set_up = wanted(settings.retention, settings.timescale)
    return [(one.relation, timedelta(days=one.after // DAY)) for one in set_up if one.job == RETENTION]


def _chunks(connection: Connection, function: str, table: str, age: timedelta) -> list[object]:
    statement = sql.SQL("SELECT {}({}, older_than => %(age)s)").format(sql.Identifier(function), sql.Literal(table))
    return list(connection.execute(statement, {"age": age}).fetchall())


def _chunked(connection: Connection) -> set[str]:
    """Tables whose chunks TimescaleDB drops: a row of them is never deleted."""
    if not timescale.version(connection):
        return set()
    rows = connection.execute(timescale.QUERIES["chunk_seconds"]).fetchall()
    return {row["relation"] for row in rows}


def _delete(rule: Rule) -> sql.Composed:
    statement = sql.SQL("DELETE FROM {} WHERE ctid = ANY (ARRAY({} LIMIT %(rows)s))")
    return statement.format(sql.Identifier(rule.table), OLD[rule.table])


def _before(rule: Rule, now: datetime) -> dict[str, datetime]:
    return {"before": now - timedelta(days=rule.days)}


def _now(connection: Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row
    moment: datetime = row["now"]
    return moment
