"""Numbered .sql migrations, then roles, then rollups: plain views, or TimescaleDB's where the extension is there."""

import hashlib
import logging
import re
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from psycopg import sql

from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, RetentionSettings, TimescaleSettings
from runtime.storage import timescale as store
from runtime.storage.rollups import ROLLUPS

log = logging.getLogger(__name__)
FOLDER = resources.files("contracts").joinpath("sql")
LOCK = 7_265_491
STATEMENT_END = re.compile(r";\s*\n")


class MigrationError(RuntimeError):
    """A migration that cannot be applied; the text names it and says what to do."""


class Migration(NamedTuple):
    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """The shipped migrations in order."""
    files = sorted(FOLDER.joinpath("migrations").iterdir(), key=lambda file: file.name)
    return [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in files
        if re.match(r"\d{4}_.*\.sql$", file.name)
    ]


def migrate(
    database: DatabaseSettings,
    *,
    plain: bool = False,
    retention: RetentionSettings | None = None,
    timescale: TimescaleSettings | None = None,
) -> list[str]:
    """Brings a database up to date and returns the names of what was applied. Raises MigrationError, TimescaleError.

    `plain` leaves TimescaleDB alone where it is available but not yet in use.
    """
    keep, chunks = retention or RetentionSettings(), timescale or TimescaleSettings()
    with connect(database, Role.OWNER) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            applied = list(_apply_pending(connection))
            _run(connection, FOLDER.joinpath("roles.sql").read_text("utf-8"))
            if store.version(connection) or (has_timescale(connection) and not plain):
                _apply_timescale(connection)
                store.apply(connection, keep, chunks)
            else:
                _run(connection, FOLDER.joinpath("plain.sql").read_text("utf-8"))
            _run(connection, f"GRANT SELECT ON {', '.join(ROLLUPS)} TO sunlit_ingest, sunlit_alerting, sunlit_api")
            if database.role_password is not None:
                _set_passwords(connection, database.role_password.get_secret_value())
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
    return applied


def _apply_pending(connection: Connection) -> Iterator[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = connection.execute("SELECT number, sha256 FROM schema_migration").fetchall()
    done = {row["number"]: row["sha256"] for row in rows}
    for migration in migrations():
        if migration.number in done:
            if done[migration.number] != migration.sha256:
                raise MigrationError(
                    f"{migration.name}: its text differs from what this database was built with;"
                    " expected a new migration instead of a changed one"
                )
            continue
        with connection.transaction():
            _run(connection, migration.text)
            connection.execute(
                "INSERT INTO schema_migration (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
        yield migration.name


def has_timescale(connection: Connection) -> bool:
    """Whether the TimescaleDB extension can be (or is) installed in this database."""
    found = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
    return found is not None


def _apply_timescale(connection: Connection) -> None:
    _run(connection, "CREATE EXTENSION IF NOT EXISTS timescaledb")
    for row in connection.execute(store.QUERIES["plain_views"], {"names": list(ROLLUPS)}).fetchall():
        connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier(row["name"])))
    store.demand(store.version(connection))
    # Continuous aggregates cannot be made inside a transaction: one statement at a time.
    for statement in STATEMENT_END.split(FOLDER.joinpath("timescale.sql").read_text("utf-8")):
        if statement.strip():
            _run(connection, statement)


def _set_passwords(connection: Connection, password: str) -> None:
    for role in Role:
        if role is not Role.OWNER:
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role.value), sql.Literal(password))
            )


def _run(connection: Connection, text: str) -> None:
    connection.execute(sql.SQL(text))
