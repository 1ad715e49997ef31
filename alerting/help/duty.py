"""Who is on duty, and how whoever is asked is reached, out of the rows of the register."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from alerting.contacts import Contact
from contracts.roster import DAY, Pattern, Roster, Substitute, Turn
from contracts.roster import on_duty as turns_now
from runtime.db import Connection, Queries

QUERIES = Queries("alerting.help")


class OnDuty(Struct, frozen=True):
    """A person who is on duty, until when, and in whose stead."""

    person_id: int
    login: str
    name: str
    until: datetime
    instead_of: int | None = None


class Reach(Struct, frozen=True):
    """How an organisation is reached now, the first to be tried first; `reason` says what is not as it should be."""

    contacts: tuple[Contact, ...]
    reason: str = ""
    people: tuple[OnDuty, ...] = ()
    off_duty: bool = False
    """it has promised that somebody is there, and nobody is"""


def rosters(
    connection: Connection, organisations: Sequence[int] | None, begin: datetime, end: datetime
) -> dict[int, Roster]:
    """The rosters of organisations by id, with everything that touches the time between; None: all that promise."""
    heads = connection.execute(
        QUERIES["rosters"], {"organisations": None if organisations is None else list(organisations)}
    )
    promised = {row["organisation"]: row for row in heads}
    values = {
        "organisations": list(promised),
        "begin": begin,
        "end": end,
        "first": (begin - 2 * DAY).date(),
        "last": (end + DAY).date(),
    }
    rows = {name: _grouped(connection, name, values) for name in ("patterns", "shifts", "substitutes", "calendar")}
    lines = [row for name in ("patterns", "shifts", "substitutes") for part in rows[name].values() for row in part]
    people = {row["person"] for row in lines} | {row["substitute"] for row in lines if row.get("substitute")}
    # Every question is a part of the time until the page: of nobody there is nothing to ask.
    gone = {row["id"] for row in connection.execute(QUERIES["gone"], {"people": sorted(people)})} if people else set()
    return {
        number: Roster(
            organisation=number,
            zone=head["zone"],
            promised=head["promised"],
            patterns=msgspec.convert(rows["patterns"][number], type=list[Pattern]),
            shifts=msgspec.convert(rows["shifts"][number], type=list[Turn]),
            substitutes=msgspec.convert(rows["substitutes"][number], type=list[Substitute]),
            gone=gone,
            days={row["day"]: row["works_as"] for row in (*rows["calendar"][None], *rows["calendar"][number])},
        )
        for number, head in promised.items()
    }


def _grouped(connection: Connection, name: str, values: Mapping[str, Any]) -> Mapping[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(QUERIES[name], values).fetchall():
        found[row["organisation"]].append(row)
    return found


def on_duty(connection: Connection, organisation: int, now: datetime) -> list[OnDuty]:
    """Who is on duty at an organisation; nobody for one without a roster."""
    return list(reach(connection, [organisation], now)[organisation].people)


def contacts(connection: Connection, organisation: int, now: datetime, *, drill: bool = False) -> Reach:
    """How an organisation is reached now: its people on duty, and where that leads nowhere, its own methods.

    Methods for exercises alone count only in a drill: elsewhere who has no other has none.
    """
    return reach(connection, [organisation], now, drill=drill)[organisation]


def reach(
    connection: Connection, organisations: Sequence[int], now: datetime, *, drill: bool = False
) -> dict[int, Reach]:
    """The same for many at once, by id."""
    known = rosters(connection, organisations, now - DAY, now + 2 * DAY)
    at_work = {number: turns_now(roster, now) for number, roster in known.items()}
    people = sorted({turn.person for turns in at_work.values() for turn in turns})
    persons = {row["id"]: row for row in connection.execute(QUERIES["people"], {"people": people})} if people else {}
    own: dict[int, list[Contact]] = defaultdict(list)
    theirs: dict[int, list[Contact]] = defaultdict(list)
    wanted = {"organisations": list(known), "people": people, "drill": drill}
    for row in connection.execute(QUERIES["methods"], wanted):
        (theirs if row["person_id"] else own)[row["person_id"] or row["organisation_id"]].append(
            msgspec.convert(row, type=Contact)
        )
    found: dict[int, Reach] = {}
    for number, roster in known.items():
        there = [turn for turn in at_work[number] if turn.person in persons]
        names = tuple(
            OnDuty(turn.person, persons[turn.person]["login"], persons[turn.person]["name"], turn.end, turn.instead_of)
            for turn in there
        )
        found[number] = _reach(number, roster.promised, names, theirs, own[number])
    return found


def _reach(
    organisation: int,
    promised: bool,
    people: tuple[OnDuty, ...],
    theirs: Mapping[int, list[Contact]],
    own: Sequence[Contact],
) -> Reach:
    mute = [person.name for person in people if not theirs.get(person.person_id)]
    # Whose method it is, is known by the person; for whom they are asked, by the organisation.
    methods = tuple(
        msgspec.structs.replace(method, organisation_id=organisation)
        for person in people
        for method in theirs.get(person.person_id, ())
    )
    said = [f"no contact method: {', '.join(mute)}"] if mute else []
    if promised and not people:
        said.append("nobody is on duty by the roster")
    if methods:
        return Reach(methods, "; ".join(said), people)
    if said:
        said.append("the organisation's own contact methods are used" if own else "it has none of its own either")
    elif not own:
        said.append("no contact method")
    return Reach(tuple(own), "; ".join(said), people, promised and not people)
