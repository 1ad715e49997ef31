"""`sunlit db`: the database's schema."""

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from runtime.db import Role, connect
from runtime.migrate import MigrationError, has_timescale, migrate, migrations
from runtime.settings import Settings, load
from runtime.storage.timescale import TimescaleError

app = typer.Typer(help="The database: schema and state.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]


@app.command("migrate")
def migrate_command(
    config: Config = None,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone even where it is available")] = False,
) -> None:
    """Bring the database up to date: tables, roles, rollups."""
    settings = load(config)
    try:
        applied = migrate(
            settings.database, plain=plain, retention=settings.retention, timescale=settings.timescale
        )
    except (MigrationError, TimescaleError, psycopg.Error) as error:
        raise _fail(settings, error) from error
    typer.echo(f"applied {len(applied)}: {', '.join(applied)}" if applied else "up to date")


@app.command()
def status(config: Config = None) -> None:
    """Say what the database is and how far it is migrated."""
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            done = connection.execute("SELECT max(number) AS top FROM schema_migration").fetchone()
            version = connection.execute("SHOW server_version").fetchone()
            timescale = has_timescale(connection)
    except psycopg.Error as error:
        raise _fail(settings, error) from error
    typer.echo(f"PostgreSQL {version and version['server_version']}, TimescaleDB {'yes' if timescale else 'no'}")
    typer.echo(f"migration {done and done['top']} of {migrations()[-1].number}")


def _fail(settings: Settings, error: Exception) -> typer.Exit:
    address = psycopg.conninfo.conninfo_to_dict(settings.database.url)
    where = f"{address.get('host', 'localhost')}/{address.get('dbname', '')}"
    typer.echo(f"sunlit db: database {where}: {' '.join(str(error).split())}", err=True)
    return typer.Exit(1)
