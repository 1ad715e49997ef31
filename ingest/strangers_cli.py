"""`sunlit ingest strangers` and `adopt`: who speaks without being known, and how it becomes a device."""

import json
from typing import Annotated

import typer

from contracts.kinds import DeviceKind
from ingest.adopt import Adopted, AdoptError, Wanted
from ingest.adopt import adopt as carry_out
from ingest.rejects_cli import AsJson, Config, fail, in_words, opened, print_table, watch
from ingest.replay import Outcome
from ingest.watch_sql import QUERIES
from runtime import log
from runtime.db import Role

COLUMNS = ("code", "site", "reason", "first_seen", "last_seen", "messages", "events", "kept", "forgotten", "lanes")


def strangers(config: Config = None, as_json: AsJson = False, limit: int = 200) -> None:
    """List devices that speak and are not in the register, no longer, or elsewhere; those with events first."""
    with opened(config) as connection:
        rows = connection.execute(QUERIES["strangers_listed"], {"limit": limit}).fetchall()
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
    else:
        print_table(rows, COLUMNS)


def adopt(
    code: Annotated[str, typer.Argument(metavar="CODE")],
    config: Config = None,
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(DeviceKind)}")] = "",
    site: Annotated[str, typer.Option(help="where it speaks; needed when it speaks at several sites")] = "",
    lift: Annotated[str, typer.Option(help="the lift that it watches, by code")] = "",
    kitchen: Annotated[str, typer.Option(help="the kitchen that it watches, by code")] = "",
    agent: Annotated[str, typer.Option(help="the agent through which it speaks; none: whoever is at its site")] = "",
    again: Annotated[bool, typer.Option("--again", help="take a retired device back")] = False,
    move: Annotated[
        bool, typer.Option("--move", help="it is registered elsewhere: from now on it speaks here")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a stranger and store what was kept of it, oldest first. Its events count from when they came."""
    log.configure("ingest")
    wanted = Wanted(code, kind, site, lift, kitchen, agent, again, move)
    with opened(config, Role.OWNER) as owner, opened(config) as ingest:
        try:
            done = carry_out(owner, ingest, wanted, watch)
        except AdoptError as error:
            fail(str(error))
    counts = {outcome.value: done.outcomes.get(outcome, 0) for outcome in Outcome}
    if as_json:
        typer.echo(json.dumps({"code": code, "site": done.site, "what": done.what, **counts, "lost": done.lost}))
    else:
        typer.echo(_words(code, done, counts))


def _words(code: str, done: Adopted, counts: dict[str, int]) -> str:
    lost = f"; {done.lost} had been forgotten and count as lost" if done.lost else ""
    return f"{code}: {done.what} at {done.site}; {in_words(counts) or 'nothing was kept'}{lost}"
