"""From a backup back to a database that works: roles, tables, rows, counted again."""

from collections.abc import Callable
from pathlib import Path

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

    `overwrite` throws away what the database holds. Raises RestoreError, ManifestError, ProgramError, MigrationError,
    psycopg.Error.
    """
    database, made = settings.database, manifest.read(source)
    _prepare(database, overwrite)
    with connect(database, Role.OWNER) as connection:
        _demand_fitting(connection, made)
        program = programs.find("pg_restore", connection.info.server_version // 10_000)
    # Owners and privileges do not come out of the backup: the roles of this server get theirs from roles.sql.
    words = ["--no-owner", "--no-privileges", "--exit-on-error", str(source)]
    if made.timescaledb:
        _run_with_timescale(database, made.timescaledb, lambda: programs.run(program, words, database.url, tell))
    else:
        programs.run(program, ["--single-transaction", *words], database.url, tell)
    with connect(database, Role.OWNER) as connection:
        tell("counting rows")
        wrong = manifest.difference(made.rows, manifest.counts(connection))
        if wrong:
            raise RestoreError(f"{source}: not all came back: {wrong}")
        tell("statistics")
        connection.execute("ANALYZE")
    tell("roles and migrations")
    plain = not made.timescaledb
    return migrate(database, plain=plain, retention=settings.retention, timescale=settings.timescale)


def _prepare(database: DatabaseSettings, overwrite: bool) -> None:
    """An empty database. Raises RestoreError when there is one with tables, or with somebody in it."""
    address = conninfo_to_dict(database.url)
    name = str(address.get("dbname") or address.get("user"))
    upkeep = DatabaseSettings(url=make_conninfo(database.url, dbname="postgres"))
    with connect(upkeep, Role.OWNER) as connection:
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
            return
    with connect(upkeep, Role.OWNER) as connection:
        if exists:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        # template1 may hold extensions that a server's packager put there.
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def _demand_fitting(connection: Connection, made: manifest.Manifest) -> None:
    server = connection.info.server_version // 10_000
    if server < made.server:
        raise RestoreError(
            f"the backup is of PostgreSQL {made.server}, this is {server}: expected {made.server} or newer"
        )
    if not made.timescaledb:
        return
    here = timescale.version(connection)
    if here and here != made.timescaledb:
        raise RestoreError(
            f"the backup is of TimescaleDB {made.timescaledb}, this database has {here}: expected a new database"
        )
    if not connection.execute(timescale.QUERIES["offered"], {"version": made.timescaledb}).fetchone():
        raise RestoreError(
            f"the backup is of TimescaleDB {made.timescaledb}, which this server does not offer:"
            " restore where it does, and update it afterwards"
        )


def _run_with_timescale(database: DatabaseSettings, version: str, work: Callable[[], None]) -> None:
    """TimescaleDB must be told, before and after, that its own tables are being filled from outside."""
    with connect(database, Role.OWNER) as connection:
        statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}")
        connection.execute(statement.format(sql.Literal(version)))
        connection.execute("SELECT timescaledb_pre_restore()")
    try:
        work()
    except programs.ProgramError as error:
        raise RestoreError(f"{error}; the database is not complete: restore again with --overwrite") from error
    with connect(database, Role.OWNER) as connection:
        connection.execute("SELECT timescaledb_post_restore()")
