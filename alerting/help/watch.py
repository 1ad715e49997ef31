"""The duty that finds holes in rosters the day before, writes them down and tells who can fill them."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, convert

from alerting import letters, outbox
from alerting.contacts import Contact
from alerting.help import duty, holes
from alerting.help.duty import QUERIES
from contracts import roster
from contracts.kinds import OrganisationKind
from runtime.db import Connection, Role, connect
from runtime.settings import AlertingSettings, Settings

log = logging.getLogger(__name__)
LOCK = 1
EVERY_S = 60.0
LETTER_LIFE = timedelta(hours=12)
LISTED = 3
"""holes in a letter; a roster that is wrong as a whole has many"""


class OpenHole(Struct, frozen=True, kw_only=True):
    """A hole that is neither filled nor over."""

    id: int
    organisation: int
    begin: datetime
    end: datetime
    told: datetime | None


def look(connection: Connection, settings: AlertingSettings, now: datetime) -> list[OpenHole]:
    """Finds holes up to `roster_ahead_h` ahead and tells them in time; returns those that it told.

    All in one transaction, one worker at a time: nothing is told twice at one look, whoever dies in between.
    """
    with connection.transaction():
        lock = connection.execute(QUERIES["help_lock"], {"number": LOCK}).fetchone()
        if lock is None or not lock["mine"]:
            return []
        known = duty.rosters(connection, None, now, now + timedelta(hours=settings.roster_ahead_h))
        before = _by_organisation(_open(connection, now))
        for number in known.keys() | before.keys():
            found = _holes(known.get(number), now, settings.roster_ahead_h)
            kept = [
                holes.Kept(id=one.id, begin=one.begin, end=one.end, told=one.told is not None) for one in before[number]
            ]
            _write(connection, number, holes.reconcile(kept, found, now), now)
        current = _open(connection, now)
        last, following = holes.looks(now, settings.roster_hour, settings.timezone)
        values = {"day": last.date(), "now": now, "rosters": len(known), "holes": len(current)}
        daily = connection.execute(QUERIES["look_claim"], values).fetchone() is not None
        due = [one for one in current if holes.to_tell(one.begin, one.told, daily, following, now)]
        due.sort(key=lambda one: one.begin)
        if due:
            _tell(connection, due, settings.timezone, now)
            connection.execute(QUERIES["holes_told"], {"ids": [one.id for one in due], "now": now})
        return due


def _holes(known: roster.Roster | None, now: datetime, ahead_h: int) -> list[roster.Hole]:
    """An organisation that no longer promises anything has no holes."""
    return [] if known is None else roster.holes(known, now, now + timedelta(hours=ahead_h))


def _open(connection: Connection, now: datetime) -> list[OpenHole]:
    return convert(connection.execute(QUERIES["holes_open"], {"now": now}).fetchall(), type=list[OpenHole])


def _by_organisation(found: Iterable[OpenHole]) -> dict[int, list[OpenHole]]:
    grouped: dict[int, list[OpenHole]] = defaultdict(list)
    for one in found:
        grouped[one.organisation].append(one)
    return grouped


def _write(connection: Connection, organisation: int, changes: holes.Changes, now: datetime) -> None:
    for hole, told in changes.new:
        values = {"organisation": organisation, "begin": hole.begin, "end": hole.end, "now": now, "told": told}
        connection.execute(QUERIES["hole_new"], values)
    for row in changes.moved:
        connection.execute(QUERIES["hole_moved"], {"id": row.id, "begin": row.begin, "end": row.end})
    if changes.filled:
        connection.execute(QUERIES["hole_filled"], {"ids": list(changes.filled), "now": now})


def _tell(connection: Connection, due: Sequence[OpenHole], zone: str, now: datetime) -> None:
    """A letter to each organisation of its own holes, and one to the bureau of all."""
    by_organisation = _by_organisation(due)
    rows = connection.execute(QUERIES["organisation_names"], {"organisations": list(by_organisation)})
    names = {row["id"]: row for row in rows}
    for number, theirs in by_organisation.items():
        if not _letters(connection, number, theirs, names, zone, now):
            log.error("roster: %s has a hole and no contact method; tell it by telephone", names[number]["code"])
    for row in connection.execute(QUERIES["of_kind"], {"kind": OrganisationKind.BUREAU}).fetchall():
        _letters(connection, row["id"], due, names, zone, now)


def _letters(
    connection: Connection,
    organisation: int,
    found: Sequence[OpenHole],
    names: Mapping[int, Mapping[str, Any]],
    zone: str,
    now: datetime,
) -> int:
    """Tells an organisation's office; returns how many ways there are to reach it."""

    def letter(language: str) -> letters.Letter:
        lines = [_line(one, names[one.organisation], language, zone) for one in found]
        facts = {"count": len(lines), "holes": lines[:LISTED], "more": max(0, len(lines) - LISTED)}
        return letters.render("roster_hole", language, facts)

    return outbox.tell(
        connection,
        _office(connection, organisation, now),
        letter,
        prefix=f"roster-{now:%Y%m%dT%H%M%S}-{organisation}",
        stage="roster_hole",
        now=now,
        give_up_at=now + LETTER_LIFE,
    )


def _office(connection: Connection, organisation: int, now: datetime) -> Sequence[Contact]:
    """Who makes a roster is not who is on duty: the organisation's own methods, and only without them its people."""
    wanted = {"organisations": [organisation], "people": [], "drill": False}
    rows = connection.execute(QUERIES["methods"], wanted).fetchall()
    return convert(rows, type=list[Contact]) or duty.contacts(connection, organisation, now).contacts


def _line(one: OpenHole, name: Mapping[str, Any], language: str, zone: str) -> str:
    begin, end = (moment.astimezone(ZoneInfo(zone)) for moment in (one.begin, one.end))
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%m-%d %H:%M}"
    return f"{name[f'name_{language}']} {begin:%m-%d %H:%M}–{until}"


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: once a minute, so that what is imported tonight is still told in time."""

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            with connect(settings.database, Role.ALERTING) as connection:
                told = look(connection, settings.alerting, outbox.server_time(connection))
            if told:
                log.warning("rosters: %d holes told, the first begins %s", len(told), min(one.begin for one in told))
            stop.wait(EVERY_S)

    return run
