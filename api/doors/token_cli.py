"""`sunlit token`: programs that may read, with scopes and perhaps towns."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.doors import token_book
from api.doors.acts import SHELL
from api.doors.shell import Config, carry_out
from api.tokens import Scope
from runtime.db import AsyncConnection
from runtime.settings import Settings

app = typer.Typer(help="Programs' tokens.", no_args_is_help=True, pretty_exceptions_enable=False)
Scopes = Annotated[list[Scope], typer.Option("--scope", help="what it may read; give it several times")]
Towns = Annotated[list[str], typer.Option("--town", help="code of a town; several times; none: all towns")]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="whose it is, for people to read")],
    scope: Scopes,
    town: Towns = [],  # noqa: B006 - typer copies it
    days: Annotated[int, typer.Option(help="how long it holds")] = 365,
    config: Config = None,
) -> None:
    """Make a token. It is shown this once and kept as its hash alone."""

    async def act(connection: AsyncConnection, _: Settings) -> str:
        return await token_book.new_token(connection, SHELL, name, [one.value for one in scope], town, days)

    typer.echo(carry_out(config, act))


@app.command("list")
def list_command(
    config: Config = None, as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False
) -> None:
    """Say which tokens there are, what they may read, and when they were last used."""

    async def act(connection: AsyncConnection, _: Settings) -> list[dict[str, Any]]:
        return await token_book.tokens(connection)

    found = carry_out(config, act)
    if as_json:
        typer.echo(json.dumps(found, default=str, ensure_ascii=False, indent=1))
        return
    table = Table("id", "name", "state", "scopes", "towns", "until", "last used", "by", box=None)
    for row in found:
        used = f"{row['last_used_at']:%Y-%m-%d %H:%M}" if row["last_used_at"] else "never"
        scopes, towns = ", ".join(row["scopes"]), ", ".join(row["town_codes"] or ["all"])
        until = f"{row['expires_at']:%Y-%m-%d}"
        table.add_row(str(row["id"]), row["name"], row["state"], scopes, towns, until, used, row["created_by"])
    Console(width=None if Console().is_terminal else 200, highlight=False).print(table)


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(metavar="ID", help="the token's number, as in the list")],
    config: Config = None,
) -> None:
    """End a token at once."""

    async def act(connection: AsyncConnection, _: Settings) -> str:
        return await token_book.revoke_token(connection, SHELL, number)

    typer.echo(f"token {number}: {carry_out(config, act)}: revoked")
