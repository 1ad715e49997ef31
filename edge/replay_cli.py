"""`sunlit edge replay`: what the agent would have said about a recording."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from contracts.vision import Image
from edge.config import CameraConfig, EdgeConfig, EdgeConfigError
from edge.config_file import load
from edge.opening import SourceFault
from runtime.log import quiet

console = Console(stderr=True)


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a recording: any video file")],
    config: Annotated[Path, typer.Option("--config", help="the site's TOML")],
    camera: Annotated[str | None, typer.Option(help="whose zones and thresholds; the first camera if left out")] = None,
    begin: Annotated[datetime | None, typer.Option(help="local time of the first picture, for schedules")] = None,
    draw: Annotated[Path | None, typer.Option(help="write the annotated video here (.mp4)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line instead of sentences")] = False,
) -> None:
    """Run a recording through a camera's chain, as fast as it goes, and print every phase of every event."""
    from edge.camera_duty import make_eyes
    from edge.replay import chosen as choose
    from models.errors import ModelError, RegistryError

    try:
        site = load(config)
        chosen = choose(site, camera)
        eye = make_eyes(site)[chosen.model]
        eye.open()
        _play(file, site, chosen, eye, begin, draw, as_json)
    except OSError as error:
        _fail(f"{error.filename or file}: {error.strerror or error}")
    except (EdgeConfigError, SourceFault, ModelError, RegistryError) as error:
        _fail(str(error))


def _play(
    file: Path,
    site: EdgeConfig,
    camera: CameraConfig,
    eye: Any,
    begin: datetime | None,
    draw: Path | None,
    as_json: bool,
) -> None:
    from edge.annotate import Film, annotate
    from edge.replay import replay as run

    film = Film(draw, camera.looks_per_second) if draw is not None else None

    def show(image: Image, sight: Any, events: Any) -> None:
        if film is not None:
            film.add(annotate(image, sight, events, camera))

    def say(event: dict[str, Any]) -> None:
        if as_json:
            typer.echo(json.dumps(event, ensure_ascii=False))
        else:
            typer.echo(
                f"{event['t']:9.2f} s  {event['phase']:6} {event['rule']} {event['subject']} "
                f"{event['confidence']:.2f} {event['zone']}: {event['reason']}"
            )

    began = _beginning(file, begin, site)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[at]:.1f} s"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    # The events are what was asked for; the chain's own words about them would say everything twice.
    with progress, quiet("edge", logging.ERROR):
        task = progress.add_task(file.name, total=None, at=0.0)
        for seconds in run(file, site, camera, eye, began, say, show if film is not None else None):
            progress.update(task, at=seconds)
    if film is not None:
        film.close()


def _beginning(file: Path, begin: datetime | None, site: EdgeConfig) -> datetime:
    """The time of day of the first picture: as told, or when the file was last written."""
    if begin is not None:
        return begin.replace(tzinfo=begin.tzinfo or site.clock)
    return datetime.fromtimestamp(file.stat().st_mtime, site.clock)


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit edge replay: {text}", err=True)
    raise typer.Exit(1)
