"""`sunlit alerting history`: past incidents out of the database, as `simulate --history` reads them."""

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psycopg
import typer

from alerting.simulate.history import COLUMNS
from runtime.db import Queries, Role, connect, fault_of
from runtime.settings import load

QUERIES = Queries("alerting.simulate", "past.sql")
DAY = "%Y-%m-%d"


def history(
    out: Annotated[Path, typer.Option(help="the CSV file that is written")],
    since: Annotated[datetime | None, typer.Option(formats=[DAY], help="from this day on, UTC")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
) -> None:
    """Write past incidents as a CSV file for `simulate --history`: no drills, and nothing that was no entrapment."""
    try:
        with connect(load(config).database, Role.ALERTING) as connection:
            rows = connection.execute(QUERIES["past"], {"since": since}).fetchall()
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([[_plain(row, name) for name in COLUMNS] for row in rows])
    except OSError as error:
        _fail(f"--out: {out}: cannot be written ({error.strerror})")
    typer.echo(f"{out}: {len(rows)} incidents")


def _plain(row: Mapping[str, Any], name: str) -> object:
    value = row[name]
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit alerting: {text}", err=True)
    raise typer.Exit(1)
