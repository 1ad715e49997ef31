"""`sunlit bench edge`."""

import logging
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge.bench.film import FilmError
from edge.bench.measure import BenchError, Numbers, measure
from models.errors import ModelError, RegistryError
from runtime import log
from runtime.log import quiet

console = Console(stderr=True)


def edge(
    video: Annotated[Path | None, typer.Option(help="a recording with people; the drawn kitchen if left out")] = None,
    cameras: Annotated[int, typer.Option(min=1, max=200)] = 16,
    fps: Annotated[int, typer.Option(min=1, max=60, help="pictures a second that a camera sends")] = 15,
    minutes: Annotated[float, typer.Option(min=0.1)] = 2.0,
    looks: Annotated[float, typer.Option(help="looks a second that a camera wants where there is motion")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False,
) -> None:
    """Cameras of 720p H.264 over RTSP, moving half of the time: how many this machine sustains, and at what cost."""
    log.configure("bench")
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    cv2.setNumThreads(1)
    try:
        # The events are counted; telling each of them would hide the numbers.
        with bar, quiet("edge.camera_duty", logging.ERROR):
            task = bar.add_task("bench", total=minutes * 60)
            numbers = measure(video, cameras, fps, minutes * 60, looks, lambda at: bar.update(task, completed=at))
    except (BenchError, FilmError, ModelError, RegistryError, OSError) as error:
        typer.echo(f"sunlit bench edge: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(msgspec.json.encode(numbers).decode() if as_json else "", nl=as_json)
    if not as_json:
        Console().print(table(numbers))


def table(numbers: Numbers) -> Table:
    """The same for people."""
    shown = Table("what", "value", title=f"{numbers.cameras} cameras, {numbers.seconds:g} s, {numbers.cores} cores")
    for name in Numbers.__struct_fields__:
        value = getattr(numbers, name)
        if name == "cpu_per_camera":
            for step, cores in value.items():
                shown.add_row(f"CPU per camera, {step}", f"{cores * 100:.2f} % of a core")
        elif name != "model":
            shown.add_row(name.replace("_", " "), str(value))
    return shown
