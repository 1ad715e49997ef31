"""`sunlit db`: the database's schema, state, backups and retention."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from runtime.db import Role, connect, fault_of
from runtime.migrate import MigrationError, migrate
from runtime.settings import Settings, load
from runtime.storage import backup as storing
from runtime.storage import restore as restoring
from runtime.storage import retention as sweeping
from runtime.storage import status as looking
from runtime.storage.keeping import rules
from runtime.storage.manifest import ManifestError
from runtime.storage.policies import DAY, RETENTION, wanted
from runtime.storage.programs import ProgramError
from runtime.storage.timescale import TimescaleError

app = typer.Typer(help="The database: schema, state, backups.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Folder = Annotated[Path, typer.Argument(help="the backup: a folder")]
EXPECTED = (
    *(MigrationError, TimescaleError, ManifestError, ProgramError),
    *(storing.BackupError, restoring.RestoreError, psycopg.Error, OSError),
)


@app.command("migrate")
def migrate_command(
    config: Config = None,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone where it is not yet in use")] = False,
) -> None:
    """Bring the database up to date: tables, roles, rollups, and TimescaleDB's policies from the settings."""
    settings = load(config)
    with _one_line(settings, makes_schema=True):
        applied = migrate(settings.database, plain=plain, retention=settings.retention, timescale=settings.timescale)
    typer.echo(f"applied {len(applied)}: {', '.join(applied)}" if applied else "up to date")


@app.command()
def status(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Say what the database holds, and how its policies do. Exit 1 when a policy fails or a migration is pending."""
    settings = load(config)
    with _one_line(settings), connect(settings.database, Role.OWNER) as connection:
        found = looking.look(connection, settings)
    if as_json:
        typer.echo(looking.as_json(found))
    else:
        looking.show(found, Console())
    raise typer.Exit(1 if found.faults else 0)


@app.command()
def backup(
    folder: Folder,
    config: Config = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="tables written at the same time")] = 1,
) -> None:
    """Write one consistent moment of the database to a new folder, while the services go on."""
    settings = load(config)
    began = time.monotonic()
    with _one_line(settings), _progress() as bar:
        task = bar.add_task("backup")
        made = storing.backup(settings.database, folder, lambda what: bar.update(task, description=what), jobs)
        megabytes = storing.size(folder) / 1e6
    rows = sum(made.rows.values())
    typer.echo(f"{folder}: {rows} rows, {megabytes:.1f} MB, {time.monotonic() - began:.1f} s")


@app.command()
def restore(
    folder: Folder,
    config: Config = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="throw away what the database holds")] = False,
) -> None:
    """Fill an empty or new database from a backup, count its rows, and bring it up to date."""
    settings = load(config)
    began = time.monotonic()
    with _one_line(settings, makes_schema=True), _progress() as bar:
        task = bar.add_task("restore")
        applied = restoring.restore(
            settings, folder, lambda what: bar.update(task, description=what), overwrite=overwrite
        )
    more = f"; then applied {', '.join(applied)}" if applied else ""
    typer.echo(f"{folder}: restored and counted, {time.monotonic() - began:.1f} s{more}")


@app.command()
def retention(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Delete what is older than [retention] says. The services do it by themselves once an hour."""
    settings = load(config)
    kept = wanted(settings.retention, settings.timescale)
    days = {rule.table: rule.days for rule in rules(settings.retention)}
    days |= {policy.relation: policy.after // DAY for policy in kept if policy.job == RETENTION}
    began = time.monotonic()
    with _one_line(settings), connect(settings.database, Role.OWNER) as connection, _progress() as bar:
        task = bar.add_task("counting")
        if dry_run:
            rows = sweeping.old_rows(connection, rules(settings.retention))
            chunks = sweeping.old_chunks(connection, settings)
        else:

            def tell(table: str, gone: int) -> None:
                bar.update(task, description=f"{table}: {gone}")

            rows = sweeping.sweep(connection, rules(settings.retention), tell)
            chunks = sweeping.drop_chunks(connection, settings, tell)
    table = Table("table", "kept", "would go" if dry_run else "gone")
    for name in sorted(rows.keys() | chunks.keys()):
        gone = f"{chunks[name]} chunks" if name in chunks else f"{rows[name]} rows"
        table.add_row(name, f"{days[name]} d", gone)
    Console().print(table)
    typer.echo(f"{sum(rows.values())} rows, {sum(chunks.values())} chunks, {time.monotonic() - began:.1f} s")


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def _one_line(settings: Settings, *, makes_schema: bool = False) -> Iterator[None]:
    """What can go wrong outside is one line on stderr and exit code 1.

    Whoever makes the schema is not sent to make it.
    """
    try:
        yield
    except EXPECTED as error:
        address = psycopg.conninfo.conninfo_to_dict(settings.database.url)
        where = f"database {address.get('host', 'localhost')}/{address.get('dbname', '')}: "
        text = " ".join(str(error).split())
        if isinstance(error, psycopg.Error) and not makes_schema:
            text = fault_of(error)
        typer.echo(f"sunlit db: {where if isinstance(error, psycopg.Error) else ''}{text}", err=True)
        raise typer.Exit(1) from error
