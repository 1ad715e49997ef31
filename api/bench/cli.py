"""`sunlit bench api`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from api.bench.city import Size
from api.bench.measure import BenchError, Wanted, measure
from api.bench.numbers import AT_LEAST, LIMITS, Numbers
from api.bench.wire import WireError
from runtime.load.running import running
from runtime.settings import load
from runtime.simulate.store import CityError

NAMES = {
    "board_p95_ms": "the board, p95, ms",
    "incident_p95_ms": "a page of an incident, p95, ms",
    "public_p95_ms": "the city page, p95, ms",
    "public_rps": "the city page, answers a second",
    "sse_viewers": "boards that heard of every change",
}


def api(
    lifts: Annotated[int, typer.Option(min=1)] = 60_000,
    kitchens: Annotated[int, typer.Option(min=1)] = 25_000,
    days: Annotated[int, typer.Option(min=0, help="of rescues and findings before today")] = 1095,
    open_: Annotated[int, typer.Option("--open", min=1, help="incidents that are open")] = 2000,
    viewers: Annotated[int, typer.Option(min=1, help="boards that are watched at one time")] = 1000,
    seconds: Annotated[float, typer.Option(min=1, help="for which each page is asked for")] = 15.0,
    seed: Annotated[int, typer.Option(help="the same seed is the same city")] = 1,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone where it is available")] = False,
    home: Annotated[Path | None, typer.Option(help="folder for the bench's database")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """The pages over a whole city: how fast they answer, and how many boards one process keeps up to date.

    Exit 1 when a limit was not kept, 2 when the bench could not run.
    """
    wanted = Wanted(Size(lifts, kitchens, days, open_), viewers, seconds)
    with running("api", BenchError, WireError, CityError, ValueError) as tell:
        found = measure(load(config), home, wanted, seed, plain, tell)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        show(found, Console())
    raise typer.Exit(0 if found.kept else 1)


def show(found: Numbers, out: Console) -> None:
    """The same for people."""
    title = (
        f"{found.lifts} lifts, {found.kitchens} kitchens, {found.incidents} incidents ({found.open} open),"
        f" {found.findings} findings, {found.database}"
    )
    table = Table("", "measured", "limit", "ratio", title=title, title_justify="left")
    for name, words in NAMES.items():
        value, ratio = getattr(found, name), found.ratios[name]
        limit = found.sse_asked if name == "sse_viewers" else LIMITS[name]
        sign = "≥" if name in AT_LEAST else "≤"
        table.add_row(words, "-" if value is None else f"{value:g}", f"{sign} {limit:g}", f"{ratio}")
    out.print(table)
    out.print(
        f"a board hears of a change: p95 {found.sse_p95_ms} ms, longest {found.sse_max_ms} ms; the city page has"
        f" {found.public_bytes} bytes; machine idle {found.idle_share:.0%}",
        highlight=False,
    )
