"""`sunlit drill`: exercises through the whole chain."""

import getpass
import json
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from alerting.drills import DrillError, load, names
from alerting.drills.run import QUERIES, Run, Wanted, end_open
from alerting.drills.stages import Result
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import load as load_settings

app = typer.Typer(help="Exercises through the whole chain.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
console, errors = Console(highlight=False), Console(stderr=True, highlight=False)


@app.command(name="list")
def show(as_json: Annotated[bool, typer.Option("--json", help="one JSON array")] = False) -> None:
    """Say which exercises there are."""
    drills = [load(name) for name in names()]
    if as_json:
        typer.echo(json.dumps([msgspec.to_builtins(drill) for drill in drills], ensure_ascii=False))
        return
    table = Table("name", "rule", "what happens", "within")
    for drill in drills:
        table.add_row(drill.name, drill.rule.value, f"{drill.en}\n{drill.zh}", f"{drill.within_s:g} s")
    console.print(table)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="one of `sunlit drill list`")],
    lift: Annotated[str, typer.Option(help="code; without it the lift that was not tried for longest")] = "",
    everybody: Annotated[
        bool, typer.Option("--everybody", help="letters to every way, not only to those marked for drills")
    ] = False,
    people: Annotated[bool, typer.Option("--people", help="crews answer themselves; this only watches")] = False,
    actor: Annotated[str, typer.Option("--by", help="who answers for it")] = "",
    why: Annotated[str, typer.Option(help="the reason; it is logged")] = "regular exercise",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object at the end")] = False,
    config: Config = None,
) -> None:
    """Run an exercise and say what was seen of it, with times; exit 1 when it was not passed."""
    try:
        drill = load(name)
        with connect(load_settings(config).database, Role.API) as connection:
            chosen = lift or _some_lift(connection)
            receivers = "all" if everybody else "marked"
            wanted = Wanted(drill, chosen, receivers, actor or getpass.getuser(), why, played=not people)
            errors.print(f"drill {name} at lift {chosen}: letters are marked and go to {receivers} ways")
            result = Run(connection, wanted, lambda text: errors.print(f"  {text}", style="dim")).run()
    except DrillError as error:
        _fail(str(error))
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    if as_json:
        typer.echo(msgspec.json.encode(result).decode())
    else:
        _print(result)
    raise typer.Exit(0 if result.passed else 1)


@app.command()
def end(
    lift: Annotated[str, typer.Option(help="code; without it those of all lifts")] = "",
    actor: Annotated[str, typer.Option("--by", help="who answers for it")] = "",
    config: Config = None,
) -> None:
    """End exercises that a run which was killed has left open."""
    try:
        with connect(load_settings(config).database, Role.API) as connection:
            count = end_open(connection, lift, actor or getpass.getuser(), typer.echo)
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    if not count:
        typer.echo("no drill is open")


def _some_lift(connection: Connection) -> str:
    row = connection.execute(QUERIES["some_lift"]).fetchone()
    if row is None:
        raise DrillError("lift: none is heard that has nothing open; expected --lift CODE")
    return str(row["code"])


def _print(result: Result) -> None:
    table = Table("stage", "after", "at", title=f"drill {result.name} at lift {result.lift}: {result.incident or '-'}")
    for stage in result.stages:
        if stage.at is None or stage.after_s is None:
            if stage.must:
                table.add_row(stage.name, "not seen", "", style="red")
            continue
        table.add_row(stage.name, f"{stage.after_s:.2f} s", f"{stage.at:%H:%M:%S.%f}"[:-3])
    console.print(table)
    words = "passed" if result.passed else "NOT passed"
    failed = f", {result.failed} of them failed" if result.failed else ""
    console.print(f"{words}; {result.letters} letters{failed}{'; ' + result.note if result.note else ''}", markup=False)


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit drill: {text}", err=True)
    raise typer.Exit(1)
