"""`sunlit roster`: who is on duty, and when nobody is."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from alerting.addresses import shown
from alerting.help import duty, roster_file, roster_store
from alerting.help.duty import QUERIES
from alerting.help.roster_file import RosterError
from alerting.outbox import server_time
from contracts.roster import DAY, Hole, Roster, holes, turns
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import Settings, load

app = typer.Typer(
    help="Rosters: who is on duty, and when nobody is.", no_args_is_help=True, pretty_exceptions_enable=False
)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings")]
SPAN = re.compile(r"(\d{1,4})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY}
LONGEST = 366 * DAY


class _CheckedOnly(Exception):
    """Ends a transaction that was to change nothing."""


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or TOML, as in docs/help.md")],
    config: Config = None,
    check: Annotated[bool, typer.Option("--check", help="say what would be done, and do nothing")] = False,
) -> None:
    """Take a roster or a calendar of holidays from a file; what it says replaces what was there of its kind."""
    done: list[roster_store.Imported] = []
    with _opened(config, Role.OWNER) as (settings, connection):
        try:
            content = roster_file.decode(file.read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "neither UTF-8 nor GB 18030"
            _fail(f"{file}: cannot be read ({reason}); expected a CSV or TOML file")
        entries = roster_file.parse(content, file.name, toml=file.suffix.lower() == ".toml")
        zone = settings.alerting.timezone
        try:
            with connection.transaction():
                done += roster_store.store(connection, entries, file.name, zone, server_time(connection))
                if check:
                    raise _CheckedOnly
        except _CheckedOnly:
            typer.echo("nothing was changed; without --check this would be done:")
    for one in done:
        typer.echo("\n".join(_told(one, zone)))
    days = sum(isinstance(entry, roster_file.CalendarDay) for entry in entries)
    if days:
        typer.echo(f"calendar: days {days}")


def _told(done: roster_store.Imported, zone: str) -> Iterator[str]:
    counts = f"weekly lines {done.weekly}, shifts {done.shifts}, substitutes {done.substitutes}"
    yield f"{done.code}: {counts}; replaced {done.replaced}"
    for hole in done.holes[:5]:
        yield f"{done.code}: nobody is on duty {_words(hole, zone)}"
    if len(done.holes) > 5:
        yield f"{done.code}: and {len(done.holes) - 5} more holes in the next 7 days"
    if done.mute:
        yield f"{done.code}: without a contact method: {', '.join(done.mute)}"
    for idle in done.idle:
        yield f"{done.code}: {idle}: not on duty then, so nobody stands in"


@app.command()
def show(
    organisation: Annotated[str, typer.Argument(metavar="ORG", help="the organisation's code")],
    config: Config = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="how many days from today")] = 7,
) -> None:
    """Show who is on duty at an organisation, day by day."""
    with _opened(config, Role.ALERTING) as (_, connection):
        row = connection.execute(QUERIES["organisation_by_code"], {"code": organisation}).fetchone()
        if row is None:
            _fail(f"organisation: {organisation!r}, expected the code of an organisation")
        now = server_time(connection)
        known = duty.rosters(connection, [row["id"]], now - DAY, now + (days + 1) * DAY)[row["id"]]
        people = {turn.person for turn in turns(known, now - DAY, now + (days + 1) * DAY)}
        people |= {turn.instead_of for turn in turns(known, now - DAY, now + (days + 1) * DAY) if turn.instead_of}
        names = {
            one["id"]: f"{one['name']} ({one['login']})"
            for one in connection.execute(QUERIES["people"], {"people": sorted(people)})
        }
        reach = duty.contacts(connection, row["id"], now)
    if not known.promised and not known.shifts:
        typer.echo(f"{organisation} has no roster; its own contact methods are used")
    else:
        _console().print(_table(known, names, now, days))
    how = (
        ", ".join(f"{contact.channel} {shown(contact.channel, contact.address)}" for contact in reach.contacts)
        or "nobody"
    )
    typer.echo(f"reached now: {how}" + (f" ({reach.reason})" if reach.reason else ""))


def _table(known: Roster, names: dict[int, str], now: datetime, days: int) -> Table:
    zone = ZoneInfo(known.zone)
    table = Table("day", "from", "to", "on duty", "instead of", box=None)
    first = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(days):
        begin, end = first + number * DAY, first + (number + 1) * DAY
        lines = [
            (turn.begin, turn.end, names.get(turn.person, "?"), names.get(turn.instead_of or 0, ""))
            for turn in turns(known, begin, end)
            if turn.begin >= begin or number == 0
        ]
        if known.promised:
            lines += [(hole.begin, hole.end, "[bold red]nobody[/]", "") for hole in holes(known, begin, end)]
        for start, stop, who, instead in sorted(lines):
            day = f"{start.astimezone(zone):%a %m-%d}"
            table.add_row(day, f"{start.astimezone(zone):%H:%M}", f"{stop.astimezone(zone):%a %H:%M}", who, instead)
    return table


@app.command("holes")
def holes_command(
    config: Config = None,
    ahead: Annotated[str, typer.Option(help="how far to look, such as 36h or 7d")] = "36h",
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Say in which hours nobody is on duty although a roster promises it."""
    span = _span(ahead)
    with _opened(config, Role.ALERTING) as (settings, connection):
        now = server_time(connection)
        known = duty.rosters(connection, None, now, now + span)
        rows = connection.execute(QUERIES["organisation_names"], {"organisations": list(known)})
        names = {row["id"]: row for row in rows}
    found = sorted(
        ((hole, number) for number, roster in known.items() for hole in holes(roster, now, now + span)),
        key=lambda pair: (pair[0].begin, names[pair[1]]["code"]),
    )
    if as_json:
        typer.echo(json.dumps([_as_json(hole, names[number]) for hole, number in found], ensure_ascii=False, indent=1))
        return
    for hole, number in found:
        typer.echo(f"{names[number]['code']} {names[number]['name_zh']}: {_words(hole, settings.alerting.timezone)}")
    if not found:
        typer.echo(f"no hole in {len(known)} rosters within {ahead}")


def _as_json(hole: Hole, name: dict[str, object]) -> dict[str, object]:
    kept = {key: name[key] for key in ("code", "kind", "name_zh", "name_en")}
    return {**kept, "begin": hole.begin.isoformat(), "end": hole.end.isoformat()}


def _words(hole: Hole, zone: str) -> str:
    begin, end = (moment.astimezone(ZoneInfo(zone)) for moment in (hole.begin, hole.end))
    return f"from {begin:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M}"


def _span(text: str) -> timedelta:
    found = SPAN.fullmatch(text.strip().lower())
    span = int(found[1]) * UNITS[found[2]] if found else timedelta()
    if not timedelta() < span <= LONGEST:
        _fail(f"ahead: {text!r}, expected a span such as 90m, 36h or 7d, of 366d at most")
    return span


def _console() -> Console:
    return Console(width=None if Console().is_terminal else 200, highlight=False)


@contextmanager
def _opened(config: Path | None, role: Role) -> Iterator[tuple[Settings, Connection]]:
    """The settings and the database; what goes wrong within is said in one line for each fault."""
    settings = load(config)
    try:
        with connect(settings.database, role) as connection:
            yield settings, connection
    except psycopg.Error as error:
        _fail(f"database: {fault_of(error)}")
    except RosterError as error:
        _fail_lines(str(error).splitlines())


def _fail_lines(lines: Sequence[str]) -> NoReturn:
    for line in lines:
        typer.echo(f"sunlit roster: {line}", err=True)
    raise typer.Exit(1)


def _fail(text: str) -> NoReturn:
    _fail_lines([text])
