"""`sunlit ingest rejects`: what was refused, why, and once more after a fix."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psycopg
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from ingest.devices import Devices
from ingest.replay import Filter, Outcome, open_ids, replay
from ingest.watch_sql import QUERIES
from ingest.writer import Writer
from runtime import log
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import load

app = typer.Typer(help="Messages that were refused.", no_args_is_help=True)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Reason = Annotated[str, typer.Option(help="only those whose reason contains this")]
Device = Annotated[str, typer.Option(help="only those of this device", metavar="CODE")]
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]
AT = re.compile(r"at `\$\.?([^`]*)`")
LONGEST_SHOWN = 20_000
"""bytes of a message that are printed"""


@app.command("list")
def list_command(
    config: Config = None,
    reason: Reason = "",
    device: Device = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    replayed: Annotated[bool, typer.Option("--replayed", help="also those that a replay has stored")] = False,
    as_json: AsJson = False,
) -> None:
    """List the newest rejects that are still open, with their reasons."""
    values = {**Filter(reason=reason, device=device).values(), "limit": limit, "replayed": replayed}
    with opened(config) as connection:
        rows = connection.execute(QUERIES["rejects"], values).fetchall()
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    print_table(rows, ("id", "received", "topic", "reason", "times", "bytes"))


@app.command()
def show(number: Annotated[int, typer.Argument(metavar="ID")], config: Config = None, as_json: AsJson = False) -> None:
    """Show one reject: where it came from, the field at fault, and its bytes."""
    with opened(config) as connection:
        row = connection.execute(QUERIES["reject"], {"id": number}).fetchone()
    if row is None:
        fail(f"id: {number}, there is no such reject")
    body = text_of(row.pop("payload"))
    row = {**row, "field": field_of(row["reason"])}
    if as_json:
        typer.echo(json.dumps({**row, "payload": body}, default=str, ensure_ascii=False))
        return
    for name, value in row.items():
        if value is not None:
            typer.echo(f"{name:12} {printable(str(value))}")
    typer.echo(f"\n{printable(body)}")


@app.command("replay")
def replay_command(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    config: Config = None,
    reason: Reason = "",
    device: Device = "",
    everything: Annotated[bool, typer.Option("--all", help="every open one")] = False,
    as_json: AsJson = False,
) -> None:
    """Write rejects once more after a fix, oldest first. What is refused again stays, with the new reason."""
    if not (ids or reason or device or everything):
        fail("expected ID, --reason, --device or --all")
    log.configure("ingest")
    with opened(config) as connection:
        known = {row["id"] for row in connection.execute(QUERIES["rejects_known"], {"ids": ids or []})}
        unknown = sorted(set(ids or ()) - known)
        for number in unknown:
            typer.echo(f"sunlit ingest: there is no such reject: {number}", err=True)
        chosen = open_ids(connection, Filter(ids or (), reason, device))
        counts = Counter(replay(connection, Writer(connection, Devices()), watch(chosen)))
    said = {outcome.value: counts[outcome] for outcome in Outcome}
    if as_json:
        typer.echo(json.dumps(said))
    elif chosen or not unknown:
        typer.echo(in_words(said) or "nothing is open")
    raise typer.Exit(1 if counts[Outcome.REFUSED] or unknown else 0)


def in_words(counts: dict[str, int]) -> str:
    """What became of a replay."""
    words = {
        "stored": "stored",
        "known": "known already",
        "refused": "refused again",
        "gone": "replayed by somebody else",
    }
    return ", ".join(f"{count} {words[name]}" for name, count in counts.items() if count)


def field_of(reason: str) -> str:
    """The field that a reason names: a path in the message, or the word before the colon."""
    found = AT.search(reason)
    return found[1] if found and found[1] else reason.partition(":")[0]


def text_of(payload: bytes) -> str:
    """A message for people: JSON with indents, else hexadecimal; a long one is cut."""
    try:
        text = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        text = "\n".join(payload[at : at + 32].hex(" ", 4) for at in range(0, min(len(payload), LONGEST_SHOWN), 32))
    cut = len(text) > 3 * LONGEST_SHOWN or len(payload) > LONGEST_SHOWN
    return text[: 3 * LONGEST_SHOWN] + (f"\n... {len(payload)} bytes in all" if cut else "")


def watch(ids: list[int]) -> Iterator[int]:
    """Shows how far a replay is, where somebody looks."""
    yield from track(ids, "replay", console=Console(stderr=True), transient=True, disable=not Console().is_terminal)


@contextmanager
def opened(config: Path | None, role: Role = Role.INGEST) -> Iterator[Connection]:
    """The database; what goes wrong within is one line and exit 2."""
    try:
        with connect(load(config).database, role) as connection:
            yield connection
    except psycopg.Error as error:
        typer.echo(f"sunlit ingest: database: {fault_of(error)}", err=True)
        raise typer.Exit(2) from error


def fail(text: str) -> NoReturn:
    """One line and exit 1."""
    typer.echo(f"sunlit ingest: {text}", err=True)
    raise typer.Exit(1)


def print_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Rows for people."""
    table = Table(*columns)
    for row in rows:
        # Text and not markup: it may hold whatever a device has sent.
        table.add_row(*(Text(printable(str(row[column]))) for column in columns))
    Console().print(table)


def printable(text: str) -> str:
    """Without what would move the cursor or paint the terminal: a device chooses these characters."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
