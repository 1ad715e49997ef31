"""PURE: what was counted month by month, as estimates for a chart and the table under it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.intervals import Estimate
from api.oversight.figures import Figures, rate, share

Row = Mapping[str, Any]
PER_THOUSAND = 0.1
"""months for `rate`, which is per hundred: so many of them make it per thousand"""


class Trend(NamedTuple):
    """A figure by month; None: nothing is known of that month."""

    name: str
    months: Sequence[str]
    values: Sequence[Estimate | None]

    def known(self) -> bool:
        return any(value is not None for value in self.values)


def trapped(months: Sequence[tuple[str, Figures | None]], lifts: int, passed: Sequence[float]) -> Trend:
    """Entrapments per 1,000 passenger lifts and month; a month in which nothing happened has nought."""
    values = [
        rate(found.trapped if found else 0, lifts, part * PER_THOUSAND)
        for (_, found), part in zip(months, passed, strict=True)
    ]
    return Trend("trapped", [name for name, _ in months], values)


def arrivals(months: Sequence[tuple[str, Figures | None]]) -> Trend:
    """Minutes to the arrival: the median, up to the ninth decile; of a month without an arrival nothing."""
    values: list[Estimate | None] = []
    for _, found in months:
        if found is None or found.arrival_median is None or found.arrival_p90 is None:
            values.append(None)
        else:
            n = found.arrival_minutes.n if found.arrival_minutes else 0
            values.append(Estimate(found.arrival_median, found.arrival_median, found.arrival_p90, n))
    return Trend("arrivals", [name for name, _ in months], values)


def open_share(rows: Sequence[Row], months: Sequence[str], now: Estimate | None) -> Trend:
    """The share of open kitchens; what was looked at every hour is no sample and has no interval; now by one look."""
    known = {row["month"]: row for row in rows}
    values: list[Estimate | None] = []
    for month in months:
        row = known.get(month)
        if row is None or not row["kitchens"]:
            values.append(None)
        else:
            found = 100 * row["open_kitchens"] / row["kitchens"]
            values.append(Estimate(found, found, found, int(row["kitchens"])))
    if values and values[-1] is None:
        values[-1] = now
    return Trend("open", months, values)


def rectified(rows: Sequence[Row], months: Sequence[str]) -> Trend:
    """The share of findings that was put right in time, of those found in a month."""
    known = {row["month"]: row for row in rows}
    return Trend(
        "rectified",
        months,
        [share(known[month]["hits"], known[month]["missed"]) if month in known else None for month in months],
    )
