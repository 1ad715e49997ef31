"""`sunlit device`: the register of devices and what they connect with."""

import json
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from runtime.db import Queries, Role, connect
from runtime.settings import load

QUERIES = Queries("runtime.devices")
app = typer.Typer(help="Devices and their certificates.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]


@app.callback()
def device() -> None:
    """Devices and their certificates."""


@app.command("list")
def list_command(
    config: Config = None,
    site: Annotated[str | None, typer.Option(help="only this site")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say which devices are registered."""
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            rows = connection.execute(QUERIES["devices"], {"site": site}).fetchall()
    except psycopg.Error as error:
        typer.echo(f"sunlit device: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['code']}  {row['kind']}  {row['site']}  {row['agent'] or '-'}")
