"""PURE: rosters and calendars as people write them, in CSV or TOML; every fault at once, each with its line."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from msgspec import Struct

from contracts.roster import DAYS, HOLIDAY
from runtime import toml_lines

DUTY = ("organisation", "person", "day", "from", "to", "instead_of", "reason")
CALENDAR = ("day", "as", "name_zh", "name_en", "organisation")
TABLES = {"duty": DUTY, "calendar": CALENDAR}
NOBODY = "-"
DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
MOST_DAYS = 366
A_DAY = "mon to sun, mon-fri, daily, holiday, or a date such as 2026-12-24 or 2026-12-24..2026-12-26"


class RosterError(ValueError):
    """What is wrong with a roster; a line for each fault: file and line, field, value and what was expected."""


class Weekly(Struct, frozen=True):
    """A weekly line of a person (by login) of an organisation (by code)."""

    line: int
    organisation: str
    person: str
    day: str
    starts: time
    ends: time


class Dated(Struct, frozen=True):
    """Duty on one day."""

    line: int
    organisation: str
    person: str
    day: date
    starts: time
    ends: time


class Instead(Struct, frozen=True):
    """On one day somebody (None: nobody) does the duty of `instead_of`."""

    line: int
    organisation: str
    person: str | None
    instead_of: str
    day: date
    starts: time
    ends: time
    reason: str


class CalendarDay(Struct, frozen=True):
    """A day that works as another kind of day, for all (None) or for one organisation."""

    line: int
    day: date
    works_as: str
    name_zh: str
    name_en: str
    organisation: str | None = None


Entry = Weekly | Dated | Instead | CalendarDay
Row = tuple[str, int, Mapping[str, str]]
"""table, line and fields"""


class _Fault(Exception):
    """One field that is wrong."""


def parse(text: str, name: str, *, toml: bool) -> list[Entry]:
    """What a file says, in its order. Raises RosterError with every fault that it has."""
    faults, found = list[str](), list[Entry]()
    read = _toml if toml else _csv
    for table, line, values in read(text, name):
        try:
            found += (_duty if table == "duty" else _calendar)(line, values)
        except _Fault as fault:
            faults.append(f"{name}:{line}: {fault}")
    faults += _doubled(found, name)
    if faults:
        raise RosterError("\n".join(faults))
    if not found:
        raise RosterError(f"{name}: holds no line, expected duty or calendar lines (docs/help.md)")
    return found


def decode(content: bytes) -> str:
    """The text of a file; spreadsheets in China save CSV as GB 18030. Raises ValueError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _csv(text: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        header = [field.strip().lower() for field in next(reader, [])]
        table = _table(header, name)
        for values in reader:
            if not any(value.strip() for value in values) or values[0].lstrip().startswith("#"):
                continue
            if len(values) > len(header):
                raise RosterError(
                    f"{name}:{reader.line_num}: {len(values)} fields, expected {len(header)}: {','.join(header)}"
                )
            yield table, reader.line_num, dict(zip(header, (value.strip() for value in values), strict=False))
    except csv.Error as error:
        raise RosterError(f"{name}:{reader.line_num}: not CSV: {error}") from error


def _table(header: Sequence[str], name: str) -> str:
    table = "duty" if "person" in header else "calendar"
    if set(header) - set(TABLES[table]) or "day" not in header or len(set(header)) != len(header):
        wanted = " or ".join(",".join(fields) for fields in TABLES.values())
        raise RosterError(f"{name}:1: header: {','.join(header)[:100]!r}, expected fields of {wanted}")
    return table


def _toml(text: str, name: str) -> Iterator[Row]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RosterError(f"{name}: not TOML: {error}") from error
    lines = toml_lines.lines(text)
    for table, rows in content.items():
        if table not in TABLES or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise RosterError(f"{name}:{lines.get((table,), 1)}: {table}: expected tables [[duty]] or [[calendar]]")
        for index, row in enumerate(rows):
            line = lines.get((table, index), 1)
            strange = next((key for key in row if key not in TABLES[table]), None)
            if strange is not None:
                at = lines.get((table, index, strange), line)
                raise RosterError(f"{name}:{at}: {strange}: unknown field, expected one of {', '.join(TABLES[table])}")
            yield table, line, {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _duty(line: int, values: Mapping[str, str]) -> Sequence[Entry]:
    organisation, person = (_some(values, field) for field in ("organisation", "person"))
    days = _days(_some(values, "day"))
    starts, ends = _hours(values)
    instead_of, reason = values.get("instead_of", ""), values.get("reason", "")
    if not instead_of:
        if person == NOBODY:
            raise _Fault(f"person: {NOBODY!r}, expected a login; only with instead_of may nobody come")
        if reason:
            raise _Fault(f"reason: {reason!r}, expected none without instead_of")
        return [
            Weekly(line, organisation, person, day, starts, ends)
            if isinstance(day, str)
            else Dated(line, organisation, person, day, starts, ends)
            for day in days
        ]
    if not reason:
        raise _Fault("reason: '', expected why somebody else comes")
    found = list[Entry]()
    for day in days:
        if isinstance(day, str):
            raise _Fault(f"day: {values['day']!r}, expected a date with instead_of")
        by = None if person == NOBODY else person
        found.append(Instead(line, organisation, by, instead_of, day, starts, ends, reason))
    return found


def _calendar(line: int, values: Mapping[str, str]) -> Sequence[Entry]:
    works_as = _some(values, "as").lower()
    if works_as not in (*DAYS, HOLIDAY):
        raise _Fault(f"as: {works_as!r}, expected one of {', '.join((*DAYS, HOLIDAY))}")
    zh, en = (_some(values, field) for field in ("name_zh", "name_en"))
    days = [day for day in _days(_some(values, "day")) if isinstance(day, date)]
    if not days:
        raise _Fault(f"day: {values['day']!r}, expected a date such as 2026-12-24")
    return [CalendarDay(line, day, works_as, zh, en, values.get("organisation") or None) for day in days]


def _some(values: Mapping[str, str], field: str) -> str:
    value = values.get(field, "")
    if not value:
        wanted = {"organisation": "its code", "person": "a login", "day": A_DAY}.get(field, "a text")
        raise _Fault(f"{field}: '', expected {wanted}")
    return value


def _days(text: str) -> Sequence[str | date]:
    """The days of a line: kinds of day, or dates."""
    first, _, last = text.partition("..")
    if DATE.fullmatch(first.strip()):
        begin = _date(first, text)
        end = _date(last, text) if last else begin
        if not 0 <= (end - begin).days < MOST_DAYS:
            raise _Fault(f"day: {text!r}, expected the earlier day first and no more than {MOST_DAYS} days")
        return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    if text.lower() == HOLIDAY:
        return [HOLIDAY]
    if text.lower() == "daily":
        return DAYS
    found = list[str]()
    for part in text.lower().split():
        begins, dash, ends = part.partition("-")
        if begins not in DAYS or (dash and ends not in DAYS):
            raise _Fault(f"day: {text!r}, expected {A_DAY}")
        index, long = DAYS.index(begins), (DAYS.index(ends or begins) - DAYS.index(begins)) % 7
        found += [DAYS[(index + n) % 7] for n in range(long + 1)]
    return list(dict.fromkeys(found))


def _date(text: str, whole: str) -> date:
    found = DATE.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise _Fault(f"day: {whole!r}, expected {A_DAY}") from None


def _hours(values: Mapping[str, str]) -> tuple[time, time]:
    """From and to; neither is the whole day."""
    begin, end = values.get("from", ""), values.get("to", "")
    if not begin and not end:
        return time(), time()
    return _time("from", begin, 23), _time("to", end, 24)


def _time(field: str, text: str, latest: int) -> time:
    found = TIME.fullmatch(text)
    if found is not None:
        hour, minute = int(found[1]), int(found[2])
        if hour <= latest and minute < 60 and 60 * hour + minute <= 24 * 60:
            return time(hour % 24, minute)
    raise _Fault(f"{field}: {text!r}, expected a time such as 08:00; neither from nor to is the whole day")


def _doubled(found: Sequence[Entry], name: str) -> Iterator[str]:
    """Weekly lines and calendar days that stand there twice."""
    keys: tuple[Callable[[Any], object], ...] = (
        lambda one: (one.organisation, one.person, one.day, one.starts) if isinstance(one, Weekly) else None,
        lambda one: (one.organisation, one.day) if isinstance(one, CalendarDay) else None,
    )
    for key in keys:
        seen: dict[object, int] = {}
        for one in found:
            what = key(one)
            if what is not None and seen.setdefault(what, one.line) != one.line:
                yield f"{name}:{one.line}: day: said before on line {seen[what]}, expected each day once"
