"""PURE: past incidents from CSV or JSON. A bad row is named by its line, its field, its value and what was expected."""

import csv
import io
import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from alerting.case import number_of
from alerting.crew import MOST_PEOPLE
from alerting.grouping import Alarm, masses
from alerting.lift_policy import LiftPolicy, minute_of
from alerting.simulate.scenes import Scene
from contracts.kinds import Hazard

COLUMNS = ("alarm_at", "lift", "place", "grid", "place_kind", "remote", "people", "hazards", "campaigns", "power")
YES, NO = ("1", "true", "yes"), ("", "0", "false", "no")
MOST_FAULTS = 20


class HistoryError(ValueError):
    """Rows that cannot be used; one line each."""


class Past(Struct, frozen=True, kw_only=True):
    """One incident of the past."""

    alarm_at: datetime
    lift: str = ""
    place: str = ""
    grid: str = ""
    place_kind: str = "other"
    remote: bool = False
    people: int | None = None
    hazards: tuple[Hazard, ...] = ()
    campaigns: tuple[str, ...] = ()
    power: bool = False
    """the lift had lost its mains"""


class _BadField(Exception):
    pass


def read(text: str, name: str, zone: str) -> list[Past]:
    """The incidents, oldest first. A time without an offset is of `zone`. Raises HistoryError."""
    found, faults = [], []
    for line, row in _rows(text, name):
        try:
            found.append(_past(row, zone))
        except _BadField as error:
            faults.append(f"{name}: line {line}: {error}")
    if faults:
        more = [f"{name}: {len(faults) - MOST_FAULTS} more rows are no better"] if len(faults) > MOST_FAULTS else []
        raise HistoryError("\n".join([*faults[:MOST_FAULTS], *more]))
    if not found:
        raise HistoryError(f"{name}: no incidents, expected at least one row")
    return sorted(found, key=lambda past: past.alarm_at)


def _rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    if text.lstrip()[:1] in ("[", "{"):
        yield from _json(text, name)
        return
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    _columns(reader.fieldnames or (), f"{name}: line 1")
    for row in reader:
        if None in row:
            raise HistoryError(
                f"{name}: line {reader.line_num}: more fields than the first line, expected {len(row) - 1}"
            )
        yield reader.line_num, {key: (value or "").strip() for key, value in row.items()}


def _json(text: str, name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """A list of objects, or an object a line; the line of a list's element is its number."""
    try:
        rows = (
            json.loads(text)
            if text.lstrip()[0] == "["
            else [json.loads(one) for one in text.splitlines() if one.strip()]
        )
    except json.JSONDecodeError as error:
        raise HistoryError(f"{name}: line {error.lineno}: {error.msg}, expected JSON") from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise HistoryError(f"{name}: line {number}: {row!r}, expected an object")
        _columns([*row], f"{name}: line {number}")
        yield number, {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return "" if value is None else str(value).strip()


def _columns(given: Sequence[str], where: str) -> None:
    unknown = [name for name in given if name not in COLUMNS]
    if unknown:
        raise HistoryError(f"{where}: {unknown[0]!r}, expected some of {', '.join(COLUMNS)}")
    if "alarm_at" not in given:
        raise HistoryError(f"{where}: alarm_at is missing, expected a column with the time of the alarm")


def _past(row: Mapping[str, str], zone: str) -> Past:
    return Past(
        alarm_at=_time(row["alarm_at"], zone),
        lift=row.get("lift", ""),
        place=row.get("place", ""),
        grid=row.get("grid", ""),
        place_kind=row.get("place_kind") or "other",
        remote=_flag("remote", row.get("remote", "")),
        people=_people(row.get("people", "")),
        hazards=tuple(_hazard(one) for one in row.get("hazards", "").split()),
        campaigns=tuple(row.get("campaigns", "").split()),
        power=_flag("power", row.get("power", "")),
    )


def _time(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _BadField(f"alarm_at: {text!r}, expected a time such as 2026-05-01T08:30:00+08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


def _flag(field: str, text: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise _BadField(f"{field}: {text!r}, expected 1 or 0")
    return text.lower() in YES


def _people(text: str) -> int | None:
    if not text:
        return None
    count = number_of(text)
    if count is None or not 0 <= count <= MOST_PEOPLE or count != int(count):
        raise _BadField(f"people: {text!r}, expected a whole number from 0 to {MOST_PEOPLE}")
    return int(count)


def _hazard(text: str) -> Hazard:
    try:
        return Hazard(text)
    except ValueError:
        raise _BadField(f"hazards: {text!r}, expected {', '.join(Hazard)}") from None


def scenes(history: Sequence[Past], policy: LiftPolicy) -> list[Scene]:
    """The incidents as a policy sees them: its clock, and what it takes for a mass incident."""
    after = _mass_after(history, policy)
    return [
        Scene(
            minute=minute_of(policy, past.alarm_at),
            place_kind=past.place_kind,
            remote=past.remote,
            people=past.people,
            hazards=past.hazards,
            campaigns=past.campaigns,
            mass_after_s=after.get(number),
        )
        for number, past in enumerate(history)
    ]


def _mass_after(history: Sequence[Past], policy: LiftPolicy) -> dict[int, float]:
    """By incident: so many seconds after its alarm it is found to be part of a mass incident."""
    window: deque[int] = deque()
    span = timedelta(seconds=policy.mass.window_s)
    places: Counter[str] = Counter()
    grids: Counter[str] = Counter()
    numbers = _numbered([past.place for past in history])
    # A lift without a code is another one every time.
    known = _numbered([past.lift or f"#{number}" for number, past in enumerate(history)])
    lifts = [known[past.lift or f"#{number}"] for number, past in enumerate(history)]
    found: dict[int, float] = {}
    for number, past in enumerate(history):
        window.append(number)
        places[past.place] += 1
        grids[past.grid] += 1
        while past.alarm_at - history[window[0]].alarm_at > span:
            gone = history[window.popleft()]
            places[gone.place] -= 1
            grids[gone.grid] -= 1
        many = places[past.place] >= policy.mass.place_lifts and past.place
        if not many and not (past.grid and grids[past.grid] >= policy.mass.grid_lifts):
            continue
        alarms = [
            Alarm(lifts[one], numbers.get(history[one].place, 0), history[one].grid, history[one].power)
            for one in window
        ]
        standing = {lift for group in masses(alarms, policy.mass) for lift in group.lifts}
        for one in window:
            if lifts[one] in standing:
                found.setdefault(one, (past.alarm_at - history[one].alarm_at).total_seconds())
    return found


def _numbered(names: Sequence[str]) -> dict[str, int]:
    """Numbers for names, from 1; nothing has 0."""
    return {name: number for number, name in enumerate(dict.fromkeys(name for name in names if name), 1)}
