"""`sunlit alerting`: the service, and policies."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console

from alerting import activation, delivery, orders, policy, work
from alerting.help import coverage_rows, routing, watch
from alerting.help.coverage_cli import report_command
from alerting.hooks import work as hooks
from alerting.prove import check
from alerting.prove.proof import Proof
from alerting.simulate import cli as simulate_cli
from alerting.simulate import past
from runtime import log, service
from runtime.db import Role, connect, fault_of
from runtime.settings import load
from runtime.storage import retention

app = typer.Typer(help="The rescue desk.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("coverage")(report_command)
app.command("simulate")(simulate_cli.simulate)
app.command("history")(past.history)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
File = Annotated[Path, typer.Argument(metavar="POLICY", help="TOML file of a policy")]


@app.command()
def run(config: Config = None) -> None:
    """Run the service until SIGTERM."""
    settings = load(config)
    log.configure("alerting")
    duties = {**work.duties(settings), "outbox": delivery.work(settings), "orders": orders.work(settings)}
    duties |= {"rosters": watch.work(settings), "coverage": coverage_rows.work(settings)}
    duties |= {"routing": routing.work(settings), "hooks": hooks.work(settings)}
    service.run("alerting", {**duties, "retention": retention.work(settings, Role.ALERTING)})


@app.command("check")
def check_command(
    file: File,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="the proof as JSON")] = False,
) -> None:
    """Prove a policy on every path, and in the register where there is one; exit 1 with a line for each fault."""
    try:
        found = policy.load(file)
        proof = check.examine(found, config)
    except policy.PolicyError as error:
        if as_json:
            typer.echo(check.as_json(check.unread(str(error)), str(file)))
        _fail(str(error))
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    if as_json:
        typer.echo(check.as_json(proof, str(file)))
    elif not proof.faults:
        typer.echo(f"{file}: {type(found).__name__} {found.name!r} may be activated")
        Console().print(check.table(proof))
    _refuse(file, proof)


@app.command()
def activate(
    file: File,
    author: Annotated[str, typer.Option(help="who answers for it")],
    config: Config = None,
    without_register: Annotated[
        bool, typer.Option("--without-register", help="do not ask whether everybody in it can be reached")
    ] = False,
) -> None:
    """Make a policy the one that new incidents or findings begin with. What `check` refuses is refused here."""
    found = _policy(file)
    if not author.strip():
        _fail(f"author: {author!r}, expected who answers for it")
    proof = check.by_itself(found)
    try:
        with connect(load(config).database, Role.ALERTING) as connection:
            now = datetime.now(UTC)
            if not without_register:
                proof = check.in_city(proof, found, connection, now)
            _refuse(file, proof)
            by = f"{author} (without the register)" if without_register else author
            version = activation.store(connection, found, by, now)
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    typer.echo(f"{file}: active as version {version}")
    for note in proof.notes:
        typer.echo(f"{file}: note: {note}")


def _refuse(file: Path, proof: Proof) -> None:
    for fault in proof.faults:
        typer.echo(f"sunlit alerting: {fault.line(str(file))}", err=True)
    if proof.faults:
        raise typer.Exit(1)


def _policy(file: Path) -> policy.Policy:
    try:
        return policy.load(file)
    except policy.PolicyError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit alerting: {text}", err=True)
    raise typer.Exit(1)
