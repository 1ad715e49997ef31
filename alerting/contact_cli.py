"""`sunlit contact`: how people are reached, and whether that has been tried."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from alerting import contact_book
from alerting.channels import Verdict, open_channels
from alerting.contact_book import ContactError, Entry, NewContact
from alerting.outbox import server_time
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import Settings, load

app = typer.Typer(help="How people are reached.", no_args_is_help=True, pretty_exceptions_enable=False)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
Number = Annotated[int, typer.Argument(metavar="ID", help="the contact method's number, as in the list")]


@app.command("list")
def list_command(
    config: Config = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="only those in use that no code came back from")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say how organisations and people are reached. Addresses are not shown whole: they can be secrets."""
    with _opened(config) as (_, connection):
        found = contact_book.entries(connection, unverified=unverified)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=1))
        return
    table = Table("id", "whose", "priority", "channel", "address", "language", "for", "verified", box=None)
    for one in found:
        row = (one.id, one.organisation or one.person, one.priority, one.channel, one.shown, one.language, one.purpose)
        table.add_row(*(str(cell) for cell in (*row, _state(one))))
    Console(width=None if Console().is_terminal else 200, highlight=False).print(table)


def _state(one: Entry) -> str:
    if not one.active:
        return "out of use"
    return f"{one.verified_at:%Y-%m-%d}" if one.verified_at else "no: used all the same"


@app.command()
def add(
    channel: Annotated[str, typer.Option(help="webhook, email or apprise")],
    address: Annotated[
        str, typer.Option(help="the address; file: and a path where it is a secret; - reads it from standard input")
    ],
    config: Config = None,
    organisation: Annotated[str | None, typer.Option(help="whose it is: an organisation's code")] = None,
    person: Annotated[str | None, typer.Option(help="whose it is: a person's login")] = None,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    priority: Annotated[int, typer.Option(help="1 is tried first, equal ones at once")] = 1,
    receipts: Annotated[bool, typer.Option("--receipts", help="its gateway says later what was delivered")] = False,
    purpose: Annotated[str, typer.Option(help="rescue; both: drills, too; drill: nothing else")] = "rescue",
) -> None:
    """Register a contact method. It is used at once; `send-code` and `verify` show that it reaches whom it should."""
    said = sys.stdin.readline().strip() if address == "-" else address
    wanted = NewContact(
        organisation=organisation,
        person=person,
        channel=channel,
        address=said,
        language=language,
        priority=priority,
        receipts=receipts,
        purpose=purpose,
    )
    with _opened(config) as (_, connection):
        made = contact_book.add(connection, wanted)
    typer.echo(f"contact {made}: added, not verified; `sunlit contact send-code {made}`")


@app.command()
def retire(number: Number, config: Config = None) -> None:
    """Take a contact method out of use."""
    with _opened(config) as (_, connection):
        contact_book.retire(connection, number)
    typer.echo(f"contact {number}: out of use")


@app.command("send-code")
def send_code(number: Number, config: Config = None) -> None:
    """Send a code of six digits through the contact method's own channel; it holds for ten minutes."""
    with _opened(config) as (settings, connection):
        channel = contact_book.channel_of(connection, number)
        send = open_channels(settings.alerting)[channel]
        outcome = contact_book.send_code(connection, number, send, server_time(connection))
    if outcome.verdict is Verdict.REFUSED:
        _fail(f"contact {number}: not sent: {outcome.detail}")
    doubt = "" if outcome.verdict is Verdict.SENT else f" (not confirmed: {outcome.detail})"
    typer.echo(f"contact {number}: code sent{doubt}; `sunlit contact verify {number} CODE` when it has arrived")


@app.command()
def verify(number: Number, code: Annotated[str, typer.Argument(help="as it arrived")], config: Config = None) -> None:
    """Take a code that has arrived: the contact method reaches whom it should."""
    with _opened(config) as (_, connection):
        contact_book.verify(connection, number, code, server_time(connection))
    typer.echo(f"contact {number}: verified")


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Settings, Connection]]:
    settings = load(config)
    try:
        with connect(settings.database, Role.OWNER) as connection:
            yield settings, connection
    except ContactError as error:
        _fail(str(error))
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit contact: {text}", err=True)
    raise typer.Exit(1)
