"""`sunlit person`: who may come in, and as what."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.doors import people
from api.doors.acts import SHELL, DoorFault
from api.doors.people import Narrowed, Newcomer
from api.doors.shell import Config, carry_out
from contracts.kinds import Role
from runtime.db import AsyncConnection
from runtime.settings import Settings

app = typer.Typer(help="People and their roles.", no_args_is_help=True, pretty_exceptions_enable=False)
Town = Annotated[str, typer.Option(help="code of the only town that it is for")]
Organisation = Annotated[str, typer.Option(help="code of an organisation")]
Kitchen = Annotated[str, typer.Option(help="code of the only kitchen of the organisation that it is for")]


@app.command()
def add(
    login: str,
    name: str,
    organisation: Organisation = "",
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    config: Config = None,
) -> None:
    """Add a person, who may do nothing yet, and print a link with which they set a password."""

    async def act(connection: AsyncConnection, settings: Settings) -> str:
        made = await people.add(connection, SHELL, Newcomer(login, name, language, organisation))
        return settings.alerting.public_url + await people.invite(connection, SHELL, made)

    typer.echo(f"{login}: added; good once, for three days: {carry_out(config, act)}")


@app.command("list")
def list_command(
    word: Annotated[str, typer.Argument(help="part of a login, a name or an organisation")] = "",
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say who may come in, and as what."""

    async def act(connection: AsyncConnection, _: Settings) -> list[dict[str, Any]]:
        found = await people.people(connection, word)
        return [{**row, "grants": await people.grants_of(connection, row["id"])} for row in found]

    found = carry_out(config, act)
    if as_json:
        typer.echo(json.dumps(found, default=str, ensure_ascii=False, indent=1))
        return
    table = Table("login", "name", "state", "codes", "roles", "organisation", box=None)
    for row in found:
        roles = ", ".join(_words(grant) for grant in row["grants"]) or "none"
        codes = "on" if row["second_factor"] else "off"
        table.add_row(row["login"], row["name"], _state(row), codes, roles, row["organisation"] or "")
    Console(width=None if Console().is_terminal else 200, highlight=False).print(table)


@app.command()
def grant(
    login: str, role: Role, town: Town = "", organisation: Organisation = "", kitchen: Kitchen = "",
    config: Config = None,
) -> None:  # fmt: skip
    """Give a person a role, perhaps narrowed. It holds from their next click."""

    async def act(connection: AsyncConnection, _: Settings) -> None:
        person = await people.number_of(connection, login)
        await people.grant(connection, SHELL, person, role, Narrowed(town, organisation, kitchen))

    carry_out(config, act)
    typer.echo(f"{login}: {role.value} granted")


@app.command()
def revoke(
    login: str, role: Role, town: Town = "", organisation: Organisation = "", kitchen: Kitchen = "",
    config: Config = None,
) -> None:  # fmt: skip
    """Take a role from a person at once, narrowed as it was given."""

    async def act(connection: AsyncConnection, _: Settings) -> None:
        person = await people.number_of(connection, login)
        wanted = (role.value, town, organisation, kitchen)
        for row in await people.grants_of(connection, person):
            if (row["role"], row["town_code"] or "", row["organisation"] or "", row["kitchen"] or "") == wanted:
                await people.revoke(connection, SHELL, person, row["id"])
                return
        raise DoorFault("people.fault_no_role", f"{login}: {role.value} is not theirs so, expected as in the list")

    carry_out(config, act)
    typer.echo(f"{login}: {role.value} revoked")


@app.command()
def disable(login: str, config: Config = None) -> None:
    """Send a person away: every session ends, and nothing lets them in."""
    _set_active(login, False, config)


@app.command()
def enable(login: str, config: Config = None) -> None:
    """Let a person in again."""
    _set_active(login, True, config)


@app.command("set-password")
def set_password(login: str, config: Config = None) -> None:
    """Set a person's password, read from standard input; every session of theirs ends."""
    password = sys.stdin.readline().rstrip("\n")

    async def act(connection: AsyncConnection, _: Settings) -> None:
        await people.set_password(connection, SHELL, await people.number_of(connection, login), password)

    carry_out(config, act)
    typer.echo(f"{login}: password set")


@app.command()
def invite(login: str, config: Config = None) -> None:
    """Print a link with which a person sets a password, once and within three days."""

    async def act(connection: AsyncConnection, settings: Settings) -> str:
        person = await people.number_of(connection, login)
        return settings.alerting.public_url + await people.invite(connection, SHELL, person)

    typer.echo(carry_out(config, act))


@app.command("reset-codes")
def reset_codes(login: str, config: Config = None) -> None:
    """Take away the second factor of somebody who has lost it; every session of theirs ends."""

    async def act(connection: AsyncConnection, _: Settings) -> None:
        await people.reset_codes(connection, SHELL, await people.number_of(connection, login))

    carry_out(config, act)
    typer.echo(f"{login}: signs in by password alone until codes are set up again")


@app.command("first-admin")
def first_admin(config: Config = None) -> None:
    """Print a link that makes the first admin, once and within an hour. There is no default password."""

    async def act(connection: AsyncConnection, settings: Settings) -> str:
        return settings.alerting.public_url + await people.first_admin(connection, SHELL)

    typer.echo(carry_out(config, act))


def _set_active(login: str, active: bool, config: Config) -> None:
    async def act(connection: AsyncConnection, _: Settings) -> None:
        await people.set_active(connection, SHELL, await people.number_of(connection, login), active)

    carry_out(config, act)
    typer.echo(f"{login}: {'may come in' if active else 'sent away'}")


def _words(row: dict[str, Any]) -> str:
    narrowed = [word for word in (row["town_code"], row["organisation"], row["kitchen"]) if word]
    return f"{row['role']} ({'/'.join(narrowed)})" if narrowed else str(row["role"])


def _state(row: dict[str, Any]) -> str:
    if not row["active"]:
        return "sent away"
    return "may come in" if row["has_password"] or row["bound"] else "invited"
