"""`sunlit webhook`: which other systems are told what happens, and how they answer."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from alerting.hooks import book
from alerting.hooks.book import HookError, NewHook
from alerting.hooks.deliver import Sender
from alerting.hooks.pace import Heard, heard
from contracts.happenings import KINDS
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import Settings, load

app = typer.Typer(
    help="Other systems that are told what happens.", no_args_is_help=True, pretty_exceptions_enable=False
)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="as in the list")]
Author = Annotated[str, typer.Option(help="who answers for it; stands in the audit log")]
SecretOption = Annotated[str, typer.Option(help="file: and a path, or - for standard input; without it one is made")]


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Option(help="https address; file: and a path where it is a secret")],
    author: Author,
    config: Config = None,
    kinds: Annotated[str, typer.Option(help="comma-separated, see `kinds`; without it everything")] = "",
    towns: Annotated[str, typer.Option(help="comma-separated codes; without it every town")] = "",
    secret: SecretOption = "",
    drills: Annotated[bool, typer.Option("--drills", help="exercises, too")] = False,
) -> None:
    """Register a webhook. It is told what happens from now on; its secret is shown once."""
    with _opened(config) as (settings, connection):
        wanted = NewHook(
            name=name,
            url=url,
            secret=_said(secret),
            kinds=_listed(kinds),
            towns=_listed(towns),
            drills=drills,
        )
        made = book.add(connection, wanted, author, settings.alerting.hooks_private)
    typer.echo(f"webhook {name}: added; `sunlit webhook test {name}`")
    if not secret:
        typer.echo(f"secret: {made}")


@app.command("list")
def list_command(
    config: Config = None, as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False
) -> None:
    """Say who is told what and how they answer. Addresses are not shown whole: they can be secrets."""
    with _opened(config) as (_, connection):
        found = book.entries(connection)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    table = Table("name", "address", "kinds", "towns", "waiting", "given up", "state", box=None)
    for one in found:
        told = (", ".join(one[name] or ["all"]) for name in ("kinds", "towns"))
        table.add_row(one["name"], one["shown"], *told, str(one["queued"]), str(one["failed"]), _state(one))
    Console(width=None if Console().is_terminal else 200, highlight=False).print(table)


def _state(one: dict[str, object]) -> str:
    if not one["active"]:
        return "out of use"
    since = one["failing_since"]
    if one["stopped_at"] is not None:
        return f"stopped: no answer since {since:%Y-%m-%d %H:%M} UTC ({one['last_answer']})"
    if since is not None:
        return f"does not take everything since {since:%Y-%m-%d %H:%M} UTC ({one['last_answer']})"
    return f"took something {one['answered_at']:%Y-%m-%d %H:%M} UTC" if one["answered_at"] else "nothing sent yet"


@app.command()
def kinds(as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False) -> None:
    """Say what a webhook may ask for."""
    if as_json:
        typer.echo(json.dumps(KINDS, indent=1))
        return
    for kind, words in KINDS.items():
        typer.echo(f"{kind:26} {words}")


@app.command()
def test(name: Name, config: Config = None) -> None:
    """Send a document of kind webhook.test now, and say what is answered. Exit 1 when it is not taken."""
    with _opened(config) as (settings, connection):
        sender = Sender(settings.alerting.hooks_timeout_s, settings.alerting.hooks_private)
        answer = book.try_out(connection, name, sender, datetime.now(UTC))
    if heard(answer.status) is not Heard.TOOK:
        _fail(f"webhook {name}: {answer.detail}")
    typer.echo(f"webhook {name}: {answer.detail}")


@app.command()
def disable(name: Name, author: Author, reason: Annotated[str, typer.Option()], config: Config = None) -> None:
    """Take a webhook out of use. What happens meanwhile is told when it is enabled again."""
    with _opened(config) as (_, connection):
        book.set_active(connection, name, False, author, reason)
    typer.echo(f"webhook {name}: out of use")


@app.command()
def enable(name: Name, author: Author, reason: Annotated[str, typer.Option()], config: Config = None) -> None:
    """Use a webhook again, also one that was stopped because it did not answer; it goes on where it stood."""
    with _opened(config) as (_, connection):
        book.set_active(connection, name, True, author, reason)
    typer.echo(f"webhook {name}: in use")


@app.command()
def rotate(
    name: Name,
    author: Author,
    config: Config = None,
    secret: SecretOption = "",
    hours: Annotated[int, typer.Option(help="for which the old secret signs beside the new")] = 72,
) -> None:
    """Give a webhook a new secret; for some hours both sign."""
    with _opened(config) as (_, connection):
        made, until = book.rotate(connection, name, _said(secret), hours, author)
    typer.echo(f"webhook {name}: the old secret signs until {until:%Y-%m-%d %H:%M} UTC")
    if not secret:
        typer.echo(f"secret: {made}")


@app.command()
def replay(
    name: Name,
    author: Author,
    config: Config = None,
    after: Annotated[int | None, typer.Option(help="the cursor behind which it begins")] = None,
    since: Annotated[str | None, typer.Option(help="the moment from which it begins, ISO 8601")] = None,
) -> None:
    """Tell a webhook again what it was told; documents keep their identity."""
    if (after is None) == (since is None):
        _fail("after: expected either --after or --since")
    start: datetime | int = after if after is not None else _moment(str(since))
    with _opened(config) as (_, connection):
        cursor = book.replay(connection, name, start, author)
    typer.echo(f"webhook {name}: begins again behind {cursor}")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        _fail(f"since: {text!r}, expected a moment such as 2026-11-26T03:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _listed(text: str) -> list[str] | None:
    return [part.strip() for part in text.split(",") if part.strip()] or None


def _said(secret: str) -> str:
    return sys.stdin.readline().strip() if secret == "-" else secret


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Settings, Connection]]:
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            yield settings, connection
    except HookError as error:
        _fail(str(error))
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit webhook: {text}", err=True)
    raise typer.Exit(1)
