"""`sunlit bench storage`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ingest.bench.sizes import CITY_LIFTS, Sizes, years
from ingest.bench.storage import measure
from ingest.bench.storage_plot import amount, draw
from ingest.bench.system import BenchError
from runtime.load.running import running


def storage(
    lifts: Annotated[int, typer.Option(min=1, max=10_000)] = 200,
    hours: Annotated[float, typer.Option(min=0.1, max=1000)] = 24.0,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="seconds between two samples of a lift")] = 10.0,
    chunk_hours: Annotated[int, typer.Option(min=1, max=720, help="of TimescaleDB's chunks")] = 24,
    svg: Annotated[Path | None, typer.Option(help="draw the bars into this file")] = None,
    home: Annotated[Path | None, typer.Option(help="folder for the bench's database")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """Write simulated lifts' samples and weigh them: plain PostgreSQL, TimescaleDB's rows and columns, rollups."""
    with running("storage", BenchError) as tell:
        found = measure(lifts, hours, every, chunk_hours, home, lambda step, share: tell(step, share, 1))
        if svg:
            svg.write_text(draw(found), "utf-8")
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        show(found, Console())


def show(found: Sizes, out: Console) -> None:
    """The same for people."""
    chunked = found.chunked
    where = f"PostgreSQL {found.postgresql}, TimescaleDB {chunked.version if chunked else 'not available'}"
    out.print(f"{found.rows} samples of {found.lifts} lifts in {found.hours:g} h; {where}", highlight=False)
    out.print(_bytes(found))
    table = Table("a year", "one lift, MB", f"{CITY_LIFTS} lifts, TB")
    for year in years(found):
        table.add_row(year.name, amount(year.megabytes), amount(year.city_terabytes))
    out.print(table)
    out.print(f"deleted by retention on plain PostgreSQL: {found.delete_rows_per_s} rows/s", highlight=False)
    if chunked:
        out.print(f"made into columns: {chunked.pack_rows_per_s} rows/s", highlight=False)
        out.print(f"made into rollups: {chunked.refresh_rows_per_s} rows/s", highlight=False)


def _bytes(found: Sizes) -> Table:
    table = Table("bytes a row", "")
    for part, size in found.plain.items():
        table.add_row(f"plain PostgreSQL, {part}", f"{size:.1f}")
    if found.chunked:
        table.add_row("TimescaleDB, rows", f"{found.chunked.rows:.1f}")
        table.add_row("TimescaleDB, columns", f"{found.chunked.columns:.1f}")
        for width, kept in found.chunked.rollups.items():
            table.add_row(f"rollup by {width}, rows", f"{kept.loose:.1f}")
            table.add_row(f"rollup by {width}, columns", f"{kept.packed:.1f}")
    return table
