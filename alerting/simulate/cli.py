"""`sunlit alerting simulate`: a policy, or two side by side, over many incidents."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from alerting.lift_policy import LiftPolicy
from alerting.policy import PolicyError, load
from alerting.simulate import behaviour, chart, figures, history, report, run
from alerting.simulate.behaviour import Behaviour, BehaviourError
from alerting.simulate.figures import Table
from alerting.simulate.history import HistoryError, Past

MOST = 10_000_000


def simulate(
    policies: Annotated[list[Path], typer.Argument(metavar="POLICY [OTHER]", help="one policy, or two to compare")],
    past: Annotated[Path | None, typer.Option("--history", help="past incidents, CSV or JSON")] = None,
    synthetic: Annotated[int | None, typer.Option(min=1, max=MOST, help="so many invented incidents")] = None,
    seed: Annotated[int, typer.Option(min=0, help="the same seed, the same incidents and people")] = 1,
    people: Annotated[Path | None, typer.Option("--behaviour", help="TOML file of how people behave")] = None,
    processes: Annotated[int, typer.Option(min=0, help="0: one for each core; the result is the same")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="the figures as JSON")] = False,
    svg: Annotated[Path | None, typer.Option(help="writes the arrival times as a chart")] = None,
) -> None:
    """Play incidents through the decisions of production with people drawn at random, under one policy or two.

    Two policies get the same incidents and the same people, so that their difference is theirs alone.
    """
    if (past is None) == (synthetic is None):
        _fail("--history or --synthetic: expected one of them")
    if not 1 <= len(policies) <= 2:
        _fail(f"POLICY: {len(policies)} files, expected one or two")
    found = [_policy(file) for file in policies]
    try:
        given = behaviour.load(people)
        known = [] if past is None else _history(past, found[0].timezone)
    except (BehaviourError, HistoryError) as error:
        _fail(*str(error).splitlines())
    names = _names(policies)
    tables = _play(found, given, seed, synthetic or len(known), known, processes)
    _tell(names, tables, seed, as_json=as_json)
    if svg is not None:
        _draw(svg, names, tables)


def _play(
    policies: Sequence[LiftPolicy], given: Behaviour, seed: int, count: int, known: Sequence[Past], processes: int
) -> list[Table]:
    scenes = [history.scenes(known, policy) for policy in policies] if known else []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("incidents", total=count)
        return run.simulate(
            policies,
            given,
            seed,
            count,
            history=scenes,
            processes=processes,
            progress=lambda done: progress.advance(task, done),
        )


def _tell(names: Sequence[str], tables: Sequence[Table], seed: int, *, as_json: bool) -> None:
    found = [figures.figures(table) for table in tables]
    paired = figures.compared(tables[0], tables[1], seed) if len(tables) > 1 else None
    if as_json:
        body = report.body(names, found, paired, incidents=tables[0].size, seed=seed)
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(report.table(names, found))
    if paired is not None:
        console.print(report.paired_table(names, paired))


def _draw(file: Path, names: Sequence[str], tables: Sequence[Table]) -> None:
    try:
        file.write_text(chart.arrivals(names, [figures.arrival_min(table) for table in tables]), "utf-8")
    except OSError as error:
        _fail(f"--svg: {file}: cannot be written ({error.strerror})")


def _policy(file: Path) -> LiftPolicy:
    try:
        found = load(file)
    except PolicyError as error:
        _fail(str(error))
    if not isinstance(found, LiftPolicy):
        _fail(f'{file}: kind: expected "lift", rescues are what is played')
    return found


def _history(file: Path, zone: str) -> list[Past]:
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise HistoryError(f"{file}: cannot be read ({error.strerror}); expected a CSV or JSON file") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"{file}: byte {error.start}: expected UTF-8") from error
    return history.read(text, str(file), zone)


def _names(files: Sequence[Path]) -> list[str]:
    """By file name, or in full where two have the same."""
    short = [file.stem for file in files]
    return short if len({*short}) == len(short) else [str(file) for file in files]


def _fail(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(f"sunlit alerting: {line}", err=True)
    raise typer.Exit(1)
