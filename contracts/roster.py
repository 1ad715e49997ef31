"""PURE: who is on duty when: weekly lines, holidays, shifts and substitutes; and the hours in which nobody is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
DAY = timedelta(days=1)
NOBODY = -1


class Pattern(Struct, frozen=True):
    """A weekly line: on that kind of day from one time of the day to another; not after it means the next day."""

    person: int
    day: str
    starts: time
    ends: time


class Turn(Struct, frozen=True):
    """A person's duty from one moment to another; `instead_of` is whose it is by the roster."""

    begin: datetime
    end: datetime
    person: int
    instead_of: int | None = None


class Substitute(Struct, frozen=True):
    """From one moment to another somebody else (None: nobody) does a person's duty; themselves: after all they do."""

    person: int
    substitute: int | None
    begin: datetime
    end: datetime
    reason: str = ""


class Roster(Struct, frozen=True, kw_only=True):
    """An organisation's duty as the register holds it."""

    organisation: int
    zone: str = "UTC"
    promised: bool = True
    """whether it has said that somebody is always there; shifts without that promise leave no holes"""
    patterns: Sequence[Pattern] = ()
    shifts: Sequence[Turn] = ()
    substitutes: Sequence[Substitute] = ()
    """in the order in which they were arranged: a later one holds, and a substitute may be stood in for, too"""
    gone: Collection[int] = ()
    """persons who have left: their lines stand until the next roster, and whoever stands in for them still does"""
    days: Mapping[date, str] = {}
    """days that work as another kind of day"""


class Hole(Struct, frozen=True, order=True):
    """Hours in which nobody is on duty."""

    begin: datetime
    end: datetime


def turns(roster: Roster, begin: datetime, end: datetime) -> list[Turn]:
    """Every duty that touches the time from `begin` to `end`, whole, in order of time."""
    plain = [*_weekly(roster, begin, end), *(turn for turn in roster.shifts if _touches(turn, begin, end))]
    for substitute in roster.substitutes:
        plain = [part for turn in plain for part in _stood_in(turn, substitute)]
    there = (turn for turn in plain if turn.person != NOBODY and turn.person not in roster.gone)
    return sorted((turn for turn in there if _touches(turn, begin, end)), key=_order)


def on_duty(roster: Roster, now: datetime) -> list[Turn]:
    """Who is on duty at a moment; each person once."""
    found: dict[int, Turn] = {}
    for turn in turns(roster, now, now + timedelta(microseconds=1)):
        if turn.begin <= now < turn.end:
            found.setdefault(turn.person, turn)
    return list(found.values())


def holes(roster: Roster, begin: datetime, end: datetime) -> list[Hole]:
    """The hours between two moments in which nobody is on duty."""
    found, covered = [], begin
    for turn in turns(roster, begin, end):
        if turn.begin > covered:
            found.append(Hole(covered, turn.begin))
        covered = max(covered, turn.end)
    if covered < end:
        found.append(Hole(covered, end))
    return found


def works_as(roster: Roster, day: date) -> str:
    """Which lines hold on a day. A holiday is a plain day for who has no lines for holidays."""
    usual = DAYS[day.weekday()]
    named = roster.days.get(day, usual)
    if named == HOLIDAY and not any(line.day == HOLIDAY for line in roster.patterns):
        return usual
    return named


def span(day: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From one time of a day to another (of the next day, if it is not after it), in UTC."""
    last = day if ends > starts else day + DAY
    begin, end = (datetime.combine(on, at, zone).astimezone(UTC) for on, at in ((day, starts), (last, ends)))
    # Where a clock is put forward, an hour of the night may not exist.
    return begin, max(begin, end)


def _weekly(roster: Roster, begin: datetime, end: datetime) -> Iterator[Turn]:
    if not roster.patterns:
        return
    zone = ZoneInfo(roster.zone)
    # A duty of the evening before may still go on.
    day, last = begin.astimezone(zone).date() - DAY, end.astimezone(zone).date()
    while day <= last:
        kind = works_as(roster, day)
        for line in roster.patterns:
            if line.day == kind:
                turn = Turn(*span(day, line.starts, line.ends, zone), line.person)
                if _touches(turn, begin, end):
                    yield turn
        day += DAY


def _order(turn: Turn) -> tuple[datetime, datetime, int]:
    return turn.begin, turn.end, turn.person


def _touches(turn: Turn, begin: datetime, end: datetime) -> bool:
    return turn.begin < end and turn.end > begin


def _stood_in(turn: Turn, by: Substitute) -> Iterable[Turn]:
    """A duty as it is after a substitute was arranged."""
    owner = turn.person if turn.instead_of is None else turn.instead_of
    if by.person not in (owner, turn.person) or not _touches(turn, by.begin, by.end):
        yield turn
        return
    begin, end = max(turn.begin, by.begin), min(turn.end, by.end)
    if turn.begin < begin:
        yield Turn(turn.begin, begin, turn.person, turn.instead_of)
    yield Turn(
        begin, end, NOBODY if by.substitute is None else by.substitute, owner if by.substitute != owner else None
    )
    if end < turn.end:
        yield Turn(end, turn.end, turn.person, turn.instead_of)
