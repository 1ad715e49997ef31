"""PURE: which rescues the figures are of, as the address says it: months, a town, a unit, with or without mass ones."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple
from urllib.parse import urlencode

MONTH = re.compile(r"^(\d{4})-(\d{2})$")
MOST_MONTHS, SHOWN_MONTHS = 36, 12
MASS = ("out", "in", "only")
SORTS = ("rate", "response", "arrival", "minutes", "lifts", "name")
ORDERS = ("desc", "asc")


class BadSelection(ValueError):
    """What the address asks for cannot be; the text names field, value and what was expected."""


class Period(NamedTuple):
    """Whole months, counted from year 0 (year x 12 + month - 1), on the clock of the city; never beyond `now`."""

    first: int
    last: int
    now: datetime

    @property
    def start(self) -> datetime:
        return begin(self.first, self.now.tzinfo)

    @property
    def end(self) -> datetime:
        return min(begin(self.last + 1, self.now.tzinfo), max(self.now, self.start))

    @property
    def months(self) -> float:
        """How many months have passed in it; of the one that runs its share."""
        return sum(passed for _, passed in self.each())

    def each(self) -> Iterator[tuple[int, float]]:
        """Its months, and which share of each has passed."""
        for month in range(self.first, self.last + 1):
            start, end = begin(month, self.now.tzinfo), begin(month + 1, self.now.tzinfo)
            yield month, max(0.0, min(1.0, (self.end - start) / (end - start)))

    def before(self) -> "Period":
        """The same months a year earlier, as far as this one has come."""
        year = self.now.year - 1
        day = 28 if (self.now.month, self.now.day) == (2, 29) else self.now.day
        return Period(self.first - 12, self.last - 12, self.now.replace(year=year, day=day))


class Selection(NamedTuple):
    """Everything that stands in the address."""

    period: Period
    town: str = ""
    unit: str = ""
    mass: str = "out"
    sort: str = "rate"
    order: str = "desc"

    def address(self, path: str, language: str = "", **changes: str) -> str:
        """A link to the same with some of it changed."""
        known = {
            "from": name_of(self.period.first),
            "to": name_of(self.period.last),
            "town": self.town,
            "unit": self.unit,
            "mass": self.mass,
            "sort": self.sort,
            "order": self.order,
            "lang": language,
        }
        return f"{path}?{urlencode({key: value for key, value in {**known, **changes}.items() if value})}"

    def turned(self, sort: str) -> str:
        """The order that a press on a column's head leads to."""
        first = "asc" if sort == "name" else "desc"
        if self.sort != sort:
            return first
        return "asc" if self.order == "desc" else "desc"


def begin(month: int, zone: tzinfo | None) -> datetime:
    """Its first moment."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=zone)


def name_of(month: int) -> str:
    """2026-11."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_of(field: str, text: str) -> int:
    """Raises BadSelection."""
    found = MONTH.match(text)
    if found is None or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2999:
        raise BadSelection(f"{field}: {text!r}, expected a month like 2026-11")
    return int(found[1]) * 12 + int(found[2]) - 1


def select(asked: Mapping[str, str], now: datetime) -> Selection:
    """What an address asks for; by default the last twelve months. `now` on the city's clock. Raises BadSelection."""
    this = now.year * 12 + now.month - 1
    last = min(this, month_of("to", asked["to"])) if asked.get("to") else this
    first = month_of("from", asked["from"]) if asked.get("from") else last - SHOWN_MONTHS + 1
    if first > last:
        raise BadSelection(f"from: {name_of(first)}, expected a month not after {name_of(last)}")
    if last - first >= MOST_MONTHS:
        raise BadSelection(f"from: {name_of(first)}, expected at most {MOST_MONTHS} months up to {name_of(last)}")
    return Selection(
        Period(first, last, now),
        asked.get("town", ""),
        asked.get("unit", ""),
        _one_of("mass", asked.get("mass", ""), MASS),
        _one_of("sort", asked.get("sort", ""), SORTS),
        _one_of("order", asked.get("order", ""), ORDERS),
    )


def _one_of(field: str, text: str, known: tuple[str, ...]) -> str:
    if text and text not in known:
        raise BadSelection(f"{field}: {text!r}, expected one of {', '.join(known)}")
    return text or known[0]
