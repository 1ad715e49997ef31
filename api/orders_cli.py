"""`sunlit api order`: asks something of an edge from the command line, and waits for what it answers."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID, uuid4

import psycopg
import typer
from psycopg.types.json import Jsonb

from api.doors.entry import QUERIES as PEOPLE
from api.sql import QUERIES
from contracts.kinds import EdgeCommand
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import load

VIDEO = (EdgeCommand.LIVE, EdgeCommand.PLAYBACK, EdgeCommand.CLIP)
LIFE_S = 60
Value = str | bool


def order(
    device: Annotated[str, typer.Argument(help="the agent's or the lift's code")],
    kind: Annotated[EdgeCommand, typer.Argument(help="what to do")],
    args: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE", help="version=2 rollback=true ...")] = None,
    login: Annotated[str, typer.Option("--by", help="login of the person who asks")] = "",
    why: Annotated[str, typer.Option(help="the reason; it is logged")] = "",
    wait_s: Annotated[float, typer.Option("--wait", min=0, max=3600, help="seconds to wait for the last answer")] = 60,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
) -> None:
    """Ask something of an edge: self_test, reload, model_update and the like. Video is asked for on the pages."""
    if kind in VIDEO:
        _fail(f"kind: {kind}, expected none of {', '.join(VIDEO)}: video is shown to a signed-in person on a page")
    if kind is EdgeCommand.DRILL:
        # Without its row an exercise is an alarm like any other.
        _fail(f"kind: {kind}, expected another: an exercise is begun by `sunlit drill run`")
    if not why.strip():
        _fail("--why: '', expected the reason")
    try:
        with connect(load(config).database, Role.API) as connection:
            identity = _write(connection, device, kind, _args(args or []), login, why.strip())
            good = _follow(connection, identity, wait_s)
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    raise typer.Exit(0 if good else 1)


def _write(
    connection: Connection, device: str, kind: EdgeCommand, args: dict[str, Value], login: str, why: str
) -> UUID:
    person = connection.execute(PEOPLE["person_by_login"], {"login": login}).fetchone()
    if person is None:
        _fail(f"--by: {login!r} is nobody, expected a login")
    known = connection.execute(QUERIES["device_of_order"], {"device": device}).fetchone()
    if known is None:
        _fail(f"device: {device!r} is not registered")
    identity = uuid4()
    with connection.transaction():
        connection.execute(
            QUERIES["order_new"],
            {
                "id": identity,
                "device": known["id"],
                "kind": kind.value,
                "args": Jsonb(args),
                "actor": login,
                "reason": why,
                "life_s": LIFE_S,
            },
        )
        connection.execute(
            QUERIES["audit"],
            {
                "person": person["id"],
                "actor": login,
                "action": f"edge_{kind.value}",
                "object": f"device {device}",
                "reason": why,
                "details": Jsonb({**args, "order": str(identity)}),
            },
        )
    return identity


def _follow(connection: Connection, identity: UUID, wait_s: float) -> bool:
    """Prints every answer as it comes; whether the last one was good."""
    end, seen = time.monotonic() + wait_s, 0
    while True:
        rows = connection.execute(QUERIES["answers"], {"order": identity}).fetchall()
        for row in rows[seen:]:
            typer.echo(f"{'ok' if row['ok'] else 'refused'}{'' if row['final'] else ' (goes on)'}: {row['reason']}")
        seen = len(rows)
        if rows and rows[-1]["final"]:
            return bool(rows[-1]["ok"])
        if time.monotonic() >= end:
            typer.echo(f"order {identity}: no{' last' if rows else ''} answer within {wait_s:g} s", err=True)
            return False
        time.sleep(0.2)


def _args(pairs: Sequence[str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            _fail(f"argument: {pair!r}, expected NAME=VALUE")
        found[name] = {"true": True, "false": False}.get(value, value)
    return found


def _fail(text: str) -> NoReturn:
    typer.echo(f"sunlit api: {text}", err=True)
    raise typer.Exit(1)
