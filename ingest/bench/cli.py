"""`sunlit bench ingest`."""

import logging
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ingest.bench.limits import LimitError
from ingest.bench.measure import Load, measure
from ingest.bench.numbers import Numbers
from ingest.bench.system import BenchError, own_system, target_system
from runtime.load.running import running
from runtime.log import quiet
from runtime.settings import load

WARM_UP_S = 5.0
IN_TITLE = ("devices", "rate", "seconds", "samples", "database")


def ingest(
    devices: Annotated[int, typer.Option(min=1, max=200_000)] = 1000,
    rate: Annotated[float, typer.Option(min=0, help="messages a second; 0: as fast as they are committed")] = 0,
    seconds: Annotated[float, typer.Option(min=1)] = 60.0,
    samples: Annotated[int, typer.Option(min=1, max=500, help="samples a message")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="ingest processes, with --shard where several")] = 1,
    backlog: Annotated[int, typer.Option(min=100, help="messages ahead of the database, with rate 0")] = 5000,
    connections: Annotated[int, typer.Option(min=1, max=1000, help="of the generator")] = 4,
    warm_up: Annotated[
        float | None,
        typer.Option(min=0, help="seconds before the measured ones; 5, or until every device has spoken, if left out"),
    ] = None,
    limit_seconds: Annotated[float, typer.Option(min=0.5, help="for each of the two limits")] = 10.0,
    plain: Annotated[bool, typer.Option("--plain", help="leave TimescaleDB alone where it is available")] = False,
    home: Annotated[
        Path | None, typer.Option(help="folder for the bench's database; a temporary one if left out")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="postgresql:// of a running system; broker from the settings; its bench devices are removed"),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """Load from publish to commit: what a system sustains, how late it is, and that every message is accounted for.

    Exit 1 when the equation does not balance, 2 when the bench could not run.
    """
    settings = load(config)
    if not rate:
        # As fast as it goes means always behind: ingest would send the load back to edges that are not there.
        ingest_settings = settings.ingest.model_copy(update={"hold_after_s": 0.0})
        settings = settings.model_copy(update={"ingest": ingest_settings})
    if warm_up is None:
        # A device's first message is dearer than those that follow.
        warm_up = max(WARM_UP_S, devices / rate if rate else 0.0)
    wanted = Load(devices, rate, seconds, samples, backlog, connections, warm_up, limit_seconds)
    opened = target_system(settings, target) if target else own_system(settings, home, workers, plain)
    # The probes' connection comes and goes; only its failures are news.
    with running("ingest", BenchError, LimitError) as tell, quiet("runtime.bus", logging.WARNING), opened as system:
        numbers = measure(system, wanted, tell)
    if as_json:
        typer.echo(msgspec.json.encode(numbers).decode())
    else:
        Console().print(table(numbers))
    raise typer.Exit(0 if numbers.balanced else 1)


def table(numbers: Numbers) -> Table:
    """The same for people."""
    asked = f"{numbers.rate:g} messages/s" if numbers.rate else "as fast as committed"
    title = (
        f"{numbers.devices} devices, {asked}, {numbers.samples} a message, {numbers.seconds:g} s, {numbers.database}"
    )
    shown = Table("what", "value", title=title, title_justify="left")
    for name in Numbers.__struct_fields__:
        value = getattr(numbers, name)
        if name == "cpu_s_per_10k":
            for process, cost in value.items():
                shown.add_row(f"CPU s per 10,000 messages, {process}", f"{cost:.3f}")
        elif name == "ingest_memory_mb":
            shown.add_row("memory of ingest, MB, before and after", f"{value[0]:g}, {value[1]:g}")
        elif name not in IN_TITLE and value is not None:
            shown.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int | float) else str(value))
    return shown
