"""A roster from a file into the register, in one transaction: what it says replaces what was there of its kind."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from alerting.help import duty
from alerting.help.duty import QUERIES
from alerting.help.roster_file import CalendarDay, Dated, Entry, Instead, RosterError, Weekly
from contracts.roster import DAY, Hole, holes, span, turns
from runtime.db import Connection

WARN_AHEAD = 7 * DAY


class Imported(Struct, kw_only=True):
    """What an import did for an organisation, and what it leaves open in the week to come."""

    code: str
    weekly: int = 0
    shifts: int = 0
    substitutes: int = 0
    replaced: int = 0
    holes: list[Hole]
    mute: list[str]
    """logins on duty in that week without a contact method"""
    idle: list[str]
    """who is stood in for although not on duty then, and the day"""


class _Known:
    """Codes and logins of a file as ids; what is not known is a fault of its line."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection, self.name = connection, name
        self.faults: list[str] = []
        self._organisations: dict[str, int] = {}
        self._persons: dict[tuple[str, str], int] = {}

    def organisation(self, line: int, code: str) -> int:
        if code not in self._organisations:
            row = self.connection.execute(QUERIES["organisation_by_code"], {"code": code}).fetchone()
            if row is None or not row["active"]:
                self._fault(line, f"organisation: {code!r}, expected the code of an active organisation")
            self._organisations[code] = row["id"] if row else 0
        return self._organisations[code]

    def person(self, line: int, field: str, login: str, code: str) -> int:
        if (login, code) not in self._persons:
            row = self.connection.execute(QUERIES["person_by_login"], {"login": login}).fetchone()
            if row is None or not row["active"]:
                self._fault(line, f"{field}: {login!r}, expected the login of an active person")
            elif row["organisation"] != code:
                # A wrong login would send one organisation's alarms to another's people.
                whose = f"belongs to {row['organisation']}" if row["organisation"] else "belongs to no organisation"
                self._fault(line, f"{field}: {login!r} {whose}, expected a person of {code}")
            self._persons[login, code] = row["id"] if row else 0
        return self._persons[login, code]

    def _fault(self, line: int, text: str) -> None:
        self.faults.append(f"{self.name}:{line}: {text}")


def store(connection: Connection, entries: Sequence[Entry], name: str, zone: str, now: datetime) -> list[Imported]:
    """Writes what a file says in the caller's transaction, by the clock of `zone`. Raises RosterError with every fault.

    Weekly lines replace those of the organisation; dated shifts and calendar days those between the first and the
    last day that the file names; substitutes are added, and the newest for a person and time holds.
    """
    known = _Known(connection, name)
    by_code: dict[str, list[Weekly | Dated | Instead]] = defaultdict(list)
    calendar: dict[int | None, list[CalendarDay]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, CalendarDay):
            whose = None if entry.organisation is None else known.organisation(entry.line, entry.organisation)
            calendar[whose].append(entry)
            continue
        known.organisation(entry.line, entry.organisation)
        by_code[entry.organisation].append(entry)
        if entry.person is not None:
            known.person(entry.line, "person", entry.person, entry.organisation)
        if isinstance(entry, Instead):
            known.person(entry.line, "instead_of", entry.instead_of, entry.organisation)
    if known.faults:
        raise RosterError("\n".join(known.faults))
    for whose, days in calendar.items():
        _calendar(connection, whose, days)
    return [_organisation(connection, known, code, lines, zone, now) for code, lines in by_code.items()]


def _calendar(connection: Connection, organisation: int | None, days: Sequence[CalendarDay]) -> None:
    first, last = min(one.day for one in days), max(one.day for one in days)
    connection.execute(QUERIES["calendar_clear"], {"organisation": organisation, "first": first, "last": last})
    for one in days:
        values = {"day": one.day, "works_as": one.works_as, "name_zh": one.name_zh, "name_en": one.name_en}
        connection.execute(QUERIES["calendar_keep"], {**values, "organisation": organisation})


def _organisation(
    connection: Connection,
    known: _Known,
    code: str,
    lines: Sequence[Weekly | Dated | Instead],
    zone: str,
    now: datetime,
) -> Imported:
    number = known.organisation(0, code)
    done = Imported(code=code, holes=[], mute=[], idle=[])
    values = {"organisation": number, "zone": zone, "source": known.name, "now": now}
    connection.execute(QUERIES["roster_keep"], values)
    weekly = [line for line in lines if isinstance(line, Weekly)]
    if weekly:
        done.replaced += connection.execute(QUERIES["patterns_clear"], values).rowcount
    dated = [line for line in lines if isinstance(line, Dated)]
    if dated:
        first, last = min(line.day for line in dated), max(line.day for line in dated)
        bounds = {"begin": _midnight(first, zone), "end": _midnight(last + DAY, zone)}
        done.replaced += connection.execute(QUERIES["shifts_clear"], {**values, **bounds}).rowcount
    for line in lines:
        _line(connection, known, line, {**values, "person": None}, ZoneInfo(zone), done)
    _look_ahead(connection, number, done, now)
    return done


def _line(
    connection: Connection,
    known: _Known,
    line: Weekly | Dated | Instead,
    values: dict[str, object],
    zone: ZoneInfo,
    done: Imported,
) -> None:
    if line.person is not None:
        values["person"] = known.person(line.line, "person", line.person, line.organisation)
    if isinstance(line, Weekly):
        kept = {**values, "day": line.day, "starts": line.starts, "ends": line.ends}
        connection.execute(QUERIES["pattern_keep"], kept)
        done.weekly += 1
        return
    begin, end = span(line.day, line.starts, line.ends, zone)
    if end <= begin or end <= values["now"]:  # type: ignore[operator]
        return
    values |= {"begin": begin, "end": end}
    if isinstance(line, Dated):
        connection.execute(QUERIES["shift_keep"], values)
        done.shifts += 1
        return
    owner = known.person(line.line, "instead_of", line.instead_of, line.organisation)
    kept = {**values, "person": owner, "substitute": values["person"], "reason": line.reason}
    done.substitutes += connection.execute(QUERIES["substitute_keep"], kept).rowcount
    roster = duty.rosters(connection, [int(str(values["organisation"]))], begin, end)[int(str(values["organisation"]))]
    involved = {turn.person for turn in turns(msgspec.structs.replace(roster, substitutes=()), begin, end)}
    if owner not in involved | {one.substitute for one in roster.substitutes}:
        done.idle.append(f"{line.instead_of} on {line.day}")


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def _look_ahead(connection: Connection, number: int, done: Imported, now: datetime) -> None:
    """What the roster, as it is now, leaves open."""
    end = now + WARN_AHEAD
    roster = duty.rosters(connection, [number], now, end)[number]
    done.holes = holes(roster, now, end)
    coming = sorted({turn.person for turn in turns(roster, now, end)})
    reached = {
        row["person_id"]
        for row in connection.execute(QUERIES["methods"], {"organisations": [], "people": coming, "drill": False})
        if row["person_id"]
    }
    done.mute = [
        row["login"] for row in connection.execute(QUERIES["people"], {"people": coming}) if row["id"] not in reached
    ]
