"""`sunlit bench alarm`."""

import logging
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from alerting.bench.measure import Load, measure
from alerting.bench.numbers import Numbers, Spread
from alerting.bench.raiser import RaiserError
from alerting.bench.system import BenchError, own_system
from runtime.load.running import running
from runtime.log import quiet
from runtime.settings import load


def alarm(
    background: Annotated[float, typer.Option(min=0, help="telemetry messages a second")] = 5000,
    alarms: Annotated[int, typer.Option(min=1, max=5000, help="spread evenly over --seconds")] = 200,
    seconds: Annotated[float, typer.Option(min=1)] = 60.0,
    burst: Annotated[int, typer.Option(min=0, max=5000, help="alarms at one moment, after the others")] = 0,
    devices: Annotated[int, typer.Option(min=1, max=200_000, help="of the background")] = 5000,
    warm_up: Annotated[float, typer.Option(min=0.5, help="seconds of load before the first alarm")] = 5.0,
    seed: Annotated[int, typer.Option(help="of the alarms' times")] = 1,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone where it is available")] = False,
    home: Annotated[Path | None, typer.Option(help="folder for the bench's database and spool")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """From an alarm at the edge to the first tier's page at the gateway, under telemetry: real parts, as processes.

    Exit 1 when a page is missing, 2 when the bench could not run.
    """
    wanted = Load(background, devices, alarms, seconds, burst, warm_up)
    with (
        running("alarm", BenchError, RaiserError) as tell,
        quiet("runtime.bus", logging.WARNING),
        own_system(load(config), home, wanted.lifts, plain) as system,
    ):
        numbers = measure(system, wanted, seed, tell)
    if as_json:
        typer.echo(msgspec.json.encode(numbers).decode())
    else:
        show(numbers, Console())
    raise typer.Exit(1 if numbers.missing else 0)


def show(found: Numbers, out: Console) -> None:
    """The same for people."""
    title = (
        f"{found.alarms} alarms in {found.seconds:g} s beside {found.background_per_second:g} messages/s"
        f" ({found.background:g} asked for), {found.database}"
    )
    table = Table("", "p50, ms", "p95, ms", "p99, ms", "longest, ms", title=title, title_justify="left")
    whole = Spread(p50_ms=found.p50_ms, p95_ms=found.p95_ms, p99_ms=found.p99_ms, max_ms=found.max_ms)
    _row(table, "edge to gateway", whole)
    for name, stage in found.stages.items():
        _row(table, f"  until {name}", stage)
    if found.burst:
        _row(table, f"{found.burst} at one moment", found.burst_ms)
        for name, stage in found.burst_stages.items():
            _row(table, f"  until {name}", stage)
    out.print(table)
    if found.p99_ms is not None:
        out.print(f"p99 is {found.ratio} of the limit of {found.limit_ms:g} ms", highlight=False)
    out.print(
        f"raised {found.raised}, paged {found.paged}, missing {found.missing}, letters twice {found.repeated};"
        f" machine idle {found.idle_share:.0%}",
        highlight=False,
    )


def _row(table: Table, name: str, spread: Spread) -> None:
    values = (spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms)
    table.add_row(name, *("-" if value is None else f"{value:.1f}" for value in values))
