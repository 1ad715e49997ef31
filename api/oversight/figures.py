"""PURE: from counts to the figures that cities publish, each with its interval (docs/figures.md)."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

from api.intervals import Estimate, poisson, student, wilson

LEAST_LIFTS = 30
"""a unit with fewer is not ranked: its rate would be luck"""
ARRIVAL_STEP_MIN, ARRIVAL_BINS = 3, 10
"""minutes of a bin of the histogram, and how many there are before the open one"""
ARRIVAL_NAMES = tuple(
    f"{number * ARRIVAL_STEP_MIN}–{(number + 1) * ARRIVAL_STEP_MIN}" if number < ARRIVAL_BINS else "≥30"
    for number in range(ARRIVAL_BINS + 1)
)
HOURS = range(24)

Row = Mapping[str, Any]


class Figures(NamedTuple):
    """Of some rescues. None: nothing was counted. Shares and rates in percent, times in minutes."""

    trapped: int
    """entrapments, those of mass incidents included"""
    mass: int
    lifts: int
    rate: Estimate | None
    """entrapments per hundred lifts and month"""
    response: Estimate | None
    arrival: Estimate | None
    arrival_minutes: Estimate | None
    arrival_median: float | None
    arrival_p90: float | None
    release_minutes: Estimate | None
    tiers: tuple[int, int, int]
    """by the highest tier that was called"""

    @property
    def tier_shares(self) -> list[Estimate | None]:
        return [share(count, sum(self.tiers) - count) for count in self.tiers]


class Unit(NamedTuple):
    """A maintenance unit's figures. Answers and arrivals are of its own crews."""

    row: Row
    lifts: int
    trapped: int
    rate: Estimate | None
    response: Estimate | None
    arrival: Estimate | None
    minutes: Estimate | None

    def measure(self, sort: str) -> float | None:
        """What it is sorted by; None: unknown."""
        if sort == "lifts":
            return float(self.lifts)
        found = {"rate": self.rate, "response": self.response, "arrival": self.arrival, "minutes": self.minutes}[sort]
        return None if found is None else found.value


def share(hits: int, missed: int) -> Estimate | None:
    """Percent that kept a promise, of those that kept or broke it."""
    total = hits + missed
    if total == 0:
        return None
    low, high = wilson(hits, total)
    return Estimate(100 * hits / total, 100 * low, 100 * high, total)


def rate(count: int, lifts: int, months: float) -> Estimate | None:
    """Per hundred lifts and month."""
    exposed = lifts * months / 100
    if exposed <= 0:
        return None
    low, high = poisson(count)
    return Estimate(count / exposed, low / exposed, high / exposed, count)


def mean(n: int, value: float | None, deviation: float | None) -> Estimate | None:
    """A mean time; a time is never below nought. Of a single case there is no interval (`high` is infinite)."""
    if n == 0 or value is None:
        return None
    low, high = student(n, value, deviation or 0.0) if n > 1 else (0.0, inf)
    return Estimate(value, max(0.0, low), high, n)


def figures(row: Row, lifts: int, months: float) -> Figures:
    """From a row of the statement `rescues`."""
    return Figures(
        trapped=row["trapped"],
        mass=row["trapped_mass"],
        lifts=lifts,
        rate=rate(row["trapped"], lifts, months),
        response=share(row["response_hits"], row["response_missed"]),
        arrival=share(row["arrival_hits"], row["arrival_missed"]),
        arrival_minutes=mean(row["arrivals"], row["arrival_mean"], row["arrival_sd"]),
        arrival_median=row["arrival_p50"],
        arrival_p90=row["arrival_p90"],
        release_minutes=mean(row["releases"], row["release_mean"], row["release_sd"]),
        tiers=(row["tier_1"], row["tier_2"], row["tier_3"]),
    )


def unit(row: Row, months: float) -> Unit:
    """From a row of the statement `units`."""
    return Unit(
        row=row,
        lifts=row["lifts"],
        trapped=row["trapped"],
        rate=rate(row["trapped"], row["lifts"], months),
        response=share(row["response_hits"], row["response_missed"]),
        arrival=share(row["arrival_hits"], row["arrival_missed"]),
        minutes=mean(row["arrivals"], row["arrival_mean"], row["arrival_sd"]),
    )


def ranked(units: Iterable[Unit], sort: str, order: str, name: str) -> tuple[list[Unit], list[Unit]]:
    """Those that may be compared, in order and with the unknown ones last; and those with too few lifts, by name.

    `name` is the column that holds a unit's name.
    """
    by_name = sorted(units, key=lambda unit: str(unit.row[name]))
    compared = [unit for unit in by_name if unit.lifts >= LEAST_LIFTS]
    apart = [unit for unit in by_name if unit.lifts < LEAST_LIFTS]
    if sort == "name":
        return (compared if order == "asc" else compared[::-1]), apart
    known = [unit for unit in compared if unit.measure(sort) is not None]
    known.sort(key=lambda unit: unit.measure(sort) or 0.0, reverse=order == "desc")
    return [*known, *(unit for unit in compared if unit.measure(sort) is None)], apart


def scales(units: Sequence[Unit], towns: Iterable[Figures]) -> dict[str, float]:
    """Where the scales of drawn intervals end, so that all of a column can be compared by eye."""
    towns = list(towns)
    shares = [found for unit in units for found in (unit.response, unit.arrival)]
    shares += [found for town in towns for found in (town.response, town.arrival)]
    return {
        "rate": _top(unit.rate for unit in units),
        "minutes": _top(unit.minutes for unit in units),
        "town_rate": _top(town.rate for town in towns),
        "town_minutes": _top(town.arrival_minutes for town in towns),
        # Shares are mostly near a hundred, mean times near each other: their scales do not begin at nought.
        "from_minutes": _floor([unit.minutes for unit in units] + [town.arrival_minutes for town in towns], 2),
        "from_share": _floor(shares, 10),
    }


def _floor(estimates: Iterable[Estimate | None], step: float) -> float:
    """A round number below every value."""
    values = [found.value for found in estimates if found is not None]
    return max(0.0, step * (min(values, default=0.0) // step) - step)


def _top(estimates: Iterable[Estimate | None]) -> float:
    """Most upper bounds, and every value: one unit with a wide interval is not to press all others together."""
    known = [found for found in estimates if found is not None]
    bounds = sorted(found.high for found in known if isfinite(found.high))
    usual = bounds[int(0.9 * (len(bounds) - 1))] if bounds else 0.0
    return max([usual, *(found.value for found in known)], default=0.0)


def counts(rows: Sequence[Row], kind: str) -> dict[str, int]:
    """The counts of a kind by name, the most frequent first, from the statement `spread`."""
    return {row["name"]: row["n"] for row in rows if row["kind"] == kind}
