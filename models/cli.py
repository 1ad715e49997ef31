"""`sunlit models`: list, verify, fetch, detect, evaluate, card, bench."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Column, Table

from models import bench as timing
from models import card as cards
from models import fetch as downloads
from models import lines, registry
from models.detector import OnnxDetector, open_detector
from models.errors import ModelError, RegistryError
from models.evaluate.picture import drawing
from models.evaluate.report import Report, read, read_aside
from models.evaluate.report import evaluate as measure

app = typer.Typer(help="Detection models: what is there, whether it is whole, how good and how fast it is.")
errors = Console(stderr=True)
output = Console()

Name = Annotated[str | None, typer.Option("--model", help="name in the registry; the default one if left out")]
Book = Annotated[Path, typer.Option("--registry", help="registry file")]
Threads = Annotated[int | None, typer.Option(min=1, help="threads; by default the usable cores")]
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")]

Item = TypeVar("Item")


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what is wrong with a model or a file into one line and exit status 1."""
    try:
        yield
    except (RegistryError, ModelError, OSError) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _progress(what: str) -> Callable[[Sequence[Item]], Iterator[Item]]:
    return lambda items: iter(track(items, description=what, console=errors))


@app.command("list")
def list_models(book: Book = registry.SHIPPED, as_json: AsJson = False) -> None:
    """Shows every model of the registry."""
    with _explained():
        found = registry.load(book)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    wide = Column("name", no_wrap=True, min_width=20)
    table = Table(wide, "version", "family", "input", "classes", "licence", "sha256")
    for entry in found.model:
        size = f"{entry.input.width}x{entry.input.height}{' free' if entry.input.free else ''}"
        classes = ", ".join(f"{spec.name} >= {spec.threshold:g}" for spec in entry.classes)
        mark = " *" if entry.name == found.default else ""
        cells = (entry.name + mark, entry.version, entry.family, size, classes, entry.licence, entry.sha256[:12])
        table.add_row(*cells)
    output.print(table)


@app.command()
def verify(name: Name = None, book: Book = registry.SHIPPED) -> None:
    """Opens one model, or all: file, hash, family and output shape. Exit status 1 when anything is wrong."""
    wrong = 0
    with _explained():
        names = [name] if name else [entry.name for entry in registry.load(book).model]
    for each in names:
        try:
            entry = registry.load(book).entry(each)
            if entry.address is not None and name is None and not registry.store(entry).exists():
                output.print(f"{each}: not fetched", highlight=False)
                continue
            detector = open_detector(each, registry=book)
        except (RegistryError, ModelError) as error:
            errors.print(f"[red]{each}: wrong:[/red] {error}", highlight=False, soft_wrap=True)
            wrong += 1
        else:
            output.print(f"{each}: good, {detector.session.threads} threads", highlight=False)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="name in the registry")],
    folder: Annotated[
        Path | None, typer.Option("--from", exists=True, file_okay=False, help="take the file from here, no network")
    ] = None,
    book: Book = registry.SHIPPED,
) -> None:
    """Downloads a model that its entry names by address, checks its hash and keeps it; goes on after a break."""
    with _explained(), Progress(console=errors) as bar:
        entry = registry.load(book).entry(name)
        task = bar.add_task(name, total=None)
        path = downloads.fetch(
            entry, folder=folder, progress=lambda done, whole: bar.update(task, completed=done, total=whole)
        )
        bar.remove_task(task)
    output.print(f"{name}: {path}", highlight=False, soft_wrap=True)


@app.command()
def detect(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="pictures, at any depth below")],
    out: Annotated[Path, typer.Option(help="file for one JSON object per picture")],
    name: Name = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=1, help="instead of the shipped thresholds")] = None,
    book: Book = registry.SHIPPED,
    threads: Threads = None,
) -> None:
    """Writes what the model sees in every picture below a folder; unreadable files are listed with an error."""
    with _explained():
        detector = open_detector(name, registry=book, threads=threads)
        unreadable = 0
        with out.open("wb") as file:
            for path in track(lines.pictures(folder), description="detect", console=errors):
                line = lines.line(detector, folder, path, min_score)
                unreadable += isinstance(line, lines.Unreadable)
                file.write(msgspec.json.encode(line) + b"\n")
    if unreadable:
        errors.print(f"[yellow]{unreadable} files could not be read; they are listed in {out}[/yellow]")


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="folder with coco.json")],
    name: Name = None,
    split: Annotated[str, typer.Option(help="train, val or all")] = "val",
    set_aside: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="regions with real heads that nobody labelled")
    ] = None,
    as_json: AsJson = False,
    book: Book = registry.SHIPPED,
    threads: Threads = None,
) -> None:
    """Measures a model on labelled pictures, at the shipped thresholds, with intervals and per source."""
    with _explained():
        detector = open_detector(name, registry=book, threads=threads)
        aside = read_aside(set_aside) if set_aside is not None else None
        report = measure(detector, data, split, _progress("evaluate"), aside)
    typer.echo(msgspec.json.encode(report) if as_json else cards.tables(report))


@app.command()
def card(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="the card to write into")],
    report: Annotated[Path, typer.Option(exists=True, help="what `evaluate --json` wrote")],
) -> None:
    """Pastes measured numbers into a model card, between its marks, and draws them beside it (.svg)."""
    with _explained():
        numbers = msgspec.json.decode(report.read_bytes(), type=Report)
        file.write_text(cards.paste(file.read_text("utf-8"), numbers), "utf-8")
        file.with_suffix(".svg").write_text(drawing(numbers), "utf-8")


@app.command()
def bench(
    name: Name = None,
    picture: Annotated[
        Path | None, typer.Option(exists=True, help="frame to time; a grey 1280x720 one if none")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 100,
    as_json: AsJson = False,
    book: Book = registry.SHIPPED,
    threads: Threads = 1,
) -> None:
    """Times decoding (JPEG, apart), resize, network and post-processing of one frame."""
    with _explained():
        detector: OnnxDetector = open_detector(name, registry=book, threads=threads)
        image = np.full((720, 1280, 3), 90, np.uint8) if picture is None else read(picture)
        result = timing.bench(detector, image, rounds)
    if as_json:
        typer.echo(msgspec.json.encode(result))
        return
    table = Table("step", "ms")
    for step in ("decode", "resize", "inference", "post", "second", "total"):
        table.add_row(step, f"{getattr(result, f'{step}_ms'):.2f}")
    output.print(table)
    output.print(f"{result.heads} heads in the frame")
    output.print(f"{result.frames_per_second} frames/s, {result.ratio} of the bare network, {result.threads} threads")
