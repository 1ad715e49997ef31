"""`sunlit alerting`: the service, and policies."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer

from alerting import activation, delivery, orders, policy, work
from alerting.help import coverage_rows, routing, watch
from alerting.help.coverage_cli import report_command
from runtime import log, service
from runtime.db import Role, connect, fault_of
from runtime.settings import load
from runtime.storage import retention

app = typer.Typer(help="The rescue desk.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("coverage")(report_command)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
File = Annotated[Path, typer.Argument(metavar="POLICY", help="TOML file of a policy")]


@app.command()
def run(config: Config = None) -> None:
    """Run the service until SIGTERM."""
    settings = load(config)
    log.configure("alerting")
    duties = {**work.duties(settings), "outbox": delivery.work(settings), "orders": orders.work(settings)}
    duties |= {"rosters": watch.work(settings), "coverage": coverage_rows.work(settings)}
    duties |= {"routing": routing.work(settings)}
    service.run("alerting", {**duties, "retention": retention.work(settings, Role.ALERTING)})


@app.command()
def check(file: File) -> None:
    """Say whether a policy may be activated; exit 1 with one line for what speaks against it."""
    found = _policy(file)
    typer.echo(f"{file}: {type(found).__name__} {found.name!r} may be activated")


@app.command()
def activate(
    file: File, author: Annotated[str, typer.Option(help="who answers for it")], config: Config = None
) -> None:
    """Make a policy the one that new incidents or findings begin with."""
    found = _policy(file)
    try:
        with connect(load(config).database, Role.ALERTING) as connection:
            version = activation.store(connection, found, author, datetime.now(UTC))
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    typer.echo(f"{file}: active as version {version}")


def _policy(file: Path) -> policy.Policy:
    try:
        return policy.load(file)
    except policy.PolicyError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit alerting: {text}", err=True)
    raise typer.Exit(1)
