"""`sunlit bench desk`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from alerting.bench.desk import Wanted, measure
from alerting.bench.desk_numbers import DeskNumbers
from alerting.bench.numbers import Spread
from alerting.bench.system import BenchError
from runtime.load.running import running
from runtime.settings import load


def desk(
    open_: Annotated[int, typer.Option("--open", min=1, max=20_000, help="incidents that are open")] = 2000,
    workers: Annotated[int, typer.Option(min=1, max=32, help="of the engine, in one process")] = 2,
    seconds: Annotated[float, typer.Option(min=1)] = 60.0,
    warm_up: Annotated[float, typer.Option(min=0, help="seconds before the measured ones")] = 10.0,
    seed: Annotated[int, typer.Option(help="of what crews do")] = 1,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone where it is available")] = False,
    home: Annotated[Path | None, typer.Option(help="folder for the bench's database")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """The rescue desk under a city's load: how long a cycle takes, and how late the next tier is called.

    Exit 1 when something was left undone, 2 when the bench could not run.
    """
    with running("desk", BenchError) as tell:
        found = measure(load(config), home, Wanted(open_, workers, seconds, warm_up), seed, plain, tell)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        show(found, Console())
    raise typer.Exit(1 if found.left else 0)


def show(found: DeskNumbers, out: Console) -> None:
    """The same for people."""
    title = f"{found.open} open incidents, {found.workers} workers, {found.seconds:g} s, {found.database}"
    table = Table("", "p50, ms", "p95, ms", "p99, ms", "longest, ms", title=title, title_justify="left")
    _row(table, f"cycle in which something was done ({found.busy} of {found.cycles})", found.cycle)
    _row(table, f"next tier called after its due time ({found.fired})", found.late)
    out.print(table)
    out.print(
        f"cycle: p99 is {found.cycle_ratio} of {found.cycle_limit_ms:g} ms; late: the longest is {found.late_ratio} of"
        f" {found.late_limit_ms:g} ms",
        highlight=False,
    )
    out.print(
        f"{found.done_per_second:g} pieces of work a second ({found.events_per_second:g} events,"
        f" {found.commands_per_second:g} commands); left {found.left}; machine idle {found.idle_share:.0%}",
        highlight=False,
    )


def _row(table: Table, name: str, spread: Spread) -> None:
    values = (spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms)
    table.add_row(name, *("-" if value is None else f"{value:.1f}" for value in values))
