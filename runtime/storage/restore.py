"""From a backup back to a database that works: roles, tables, rows, counted again."""

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runtime.db import Connection, Role, connect
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings, Settings
from runtime.storage import manifest, programs, timescale


class RestoreError(RuntimeError):
    """A backup that cannot be restored here; the text says what stands against it and what to do."""


def restore(settings: Settings, source: Path, tell: Callable[[str], None], *, overwrite: bool = False) -> list[str]:
    """Fills the database of the settings, which is made if it is not there; returns the migrations that were added.

    `overwrite` throws away what the database holds, after the whole backup was read. Raises RestoreError,
    ManifestError, ProgramError, MigrationError, psycopg.Error.
    """
    database, made = settings.database, manifest.read(source)
    program = _demand_fitting(database, made, source)
    lost = _prepare(database, overwrite, lambda: _demand_readable(program, source, tell))
    # Owners and privileges do not come out of the backup: the roles of this server get theirs from roles.sql.
    words = ["--no-owner", "--no-privileges", "--exit-on-error", str(source)]
    try:
        if made.timescaledb:
            _run_with_timescale(database, made.timescaledb, lambda: programs.run(program, words, database.url, tell))
        else:
            programs.run(program, ["--single-transaction", *words], database.url, tell)
    except (programs.ProgramError, psycopg.Error) as error:
        left = "not complete" if made.timescaledb else "empty"
        raise RestoreError(
            f"{error}; {lost}database {_name(database)} is now {left}: restore again with --overwrite"
        ) from error
    with connect(database, Role.OWNER) as connection:
        tell("counting rows")
        wrong = manifest.difference(made.rows, manifest.counts(connection))
        if wrong:
            raise RestoreError(f"{source}: not all came back: {wrong}; {lost}the database is not complete")
        tell("statistics")
        connection.execute("ANALYZE")
    tell("roles and migrations")
    plain = not made.timescaledb
    return migrate(database, plain=plain, retention=settings.retention, timescale=settings.timescale)


def _name(database: DatabaseSettings) -> str:
    address = conninfo_to_dict(database.url)
    return str(address.get("dbname") or address.get("user"))


def _upkeep(database: DatabaseSettings) -> Connection:
    return connect(DatabaseSettings(url=make_conninfo(database.url, dbname="postgres")), Role.OWNER)


def _prepare(database: DatabaseSettings, overwrite: bool, check: Callable[[], None]) -> str:
    """An empty database; returns what to say of one that was thrown away for it, once `check` let it go.

    Raises RestoreError when there is one with tables, or with somebody in it.
    """
    name = _name(database)
    with _upkeep(database) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if exists:
        with connect(database, Role.OWNER) as connection:
            tables = connection.execute(manifest.QUERIES["tables"]).fetchall()
            guests = [row["name"] for row in connection.execute(manifest.QUERIES["guests"])]
        if guests:
            raise RestoreError(f"database {name}: in use by {', '.join(guests)}; stop the services first")
        if tables and not overwrite:
            raise RestoreError(
                f"database {name}: has {len(tables)} tables; expected an empty or a new one,"
                " or --overwrite to throw away what it holds"
            )
        if not tables:
            return ""
        check()
    with _upkeep(database) as connection:
        if exists:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        # template1 may hold extensions that a server's packager put there.
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return "what it held before is gone; " if exists else ""


def _demand_fitting(database: DatabaseSettings, made: manifest.Manifest, source: Path) -> Path:
    """What can be known before anything is touched; returns pg_restore. Raises RestoreError, ProgramError."""
    with _upkeep(database) as connection:
        server = connection.info.server_version // 10_000
        offered = connection.execute(timescale.QUERIES["offered"], {"version": made.timescaledb}).fetchone()
    if server < made.server:
        raise RestoreError(
            f"the backup is of PostgreSQL {made.server}, this is {server}: expected {made.server} or newer"
        )
    if made.timescaledb and not offered:
        raise RestoreError(
            f"the backup is of TimescaleDB {made.timescaledb}, which this server does not offer:"
            " restore where it does, and update it afterwards"
        )
    program = programs.find("pg_restore", server)
    try:
        programs.run(program, ["--list", str(source)], None, lambda _: None)
    except programs.ProgramError as error:
        raise RestoreError(f"{source}: cannot be restored: {error}; nothing was changed") from error
    return program


def _demand_readable(program: Path, source: Path, tell: Callable[[str], None]) -> None:
    """Reads all of the backup, to its last byte: what the database holds goes only for one that is whole."""
    try:
        programs.run(program, ["--file", os.devnull, str(source)], None, lambda table: tell(f"reading {table}"))
    except programs.ProgramError as error:
        raise RestoreError(f"{source}: cannot be restored: {error}; nothing was changed") from error


def _run_with_timescale(database: DatabaseSettings, version: str, work: Callable[[], None]) -> None:
    """TimescaleDB must be told, before and after, that its own tables are being filled from outside."""
    with connect(database, Role.OWNER) as connection:
        here = timescale.version(connection)
        if here and here != version:
            raise RestoreError(
                f"the backup is of TimescaleDB {version}, this database has {here}: expected a new database"
            )
        statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}")
        connection.execute(statement.format(sql.Literal(version)))
        connection.execute("SELECT timescaledb_pre_restore()")
    work()
    with connect(database, Role.OWNER) as connection:
        connection.execute("SELECT timescaledb_post_restore()")
