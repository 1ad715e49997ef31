"""PURE: the figures of the city's page, with those of a year before where there are any."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Row = Mapping[str, Any]
SPANS = ("now", "last", "year", "last_year")
MONTHS = {"now": 1.0, "last": 1.0, "year": 365 / 30, "last_year": 365 / 30}
"""how many times 30 days a span has: rates are by month"""


def published(spans: Mapping[str, Row], known: Mapping[str, bool]) -> dict[str, Any]:
    """From the statement `figures`, by span; None for a span of a time before records begin (`known`)."""
    return {name: _span(spans[name], MONTHS[name]) if known.get(name, True) else None for name in SPANS}


def _span(row: Row, months: float) -> dict[str, Any]:
    """Shares in percent, times in minutes; None: nothing was counted."""
    tiers = [row["tier_1"], row["tier_2"], row["tier_3"]]
    lifts = row["passenger_lifts"]
    return {
        "rescues": row["rescues"],
        "mass": row["mass"],
        "lifts": lifts,
        "rate": 100 * row["rescues"] / lifts / months if lifts else None,
        "arrival_min": None if row["arrival_min"] is None else float(row["arrival_min"]),
        "release_min": None if row["release_min"] is None else float(row["release_min"]),
        "answered": share(row["answered"], row["answered"] + row["not_answered"]),
        "arrived": share(row["arrived"], row["arrived"] + row["not_arrived"]),
        "tiers": [share(tier, sum(tiers)) for tier in tiers],
    }


def share(part: float | None, whole: float | None) -> float | None:
    """Percent; None where there is nothing to divide by."""
    return 100 * (part or 0) / whole if whole else None


def months_before(today: date, count: int) -> list[str]:
    """The names of the last months, this one last: 2026-11."""
    last = today.year * 12 + today.month - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - count + 1, last + 1)]


def by_month(rows: Sequence[Row], names: Sequence[str], first: str | None) -> list[int | None]:
    """Counts by month; nought where records had begun, None before."""
    counts = {row["month"]: int(row["n"]) for row in rows}
    return [counts.get(name, 0) if first is not None and name >= first else None for name in names]


def corrections(row: Row) -> dict[str, Any]:
    """What was found and put right, from the statement `put_right`."""
    return {
        "found": row["found"],
        "put_right": share(row["put_right"], row["found"]),
        "in_time": share(row["in_time"], row["in_time"] + row["late"]),
        "median_h": None if row["median_h"] is None else float(row["median_h"]),
    }


def sorted_towns(rows: Sequence[Row], sort: str, order: str, name: str) -> list[Row]:
    """Towns by a column, or by the share of open kitchens; what is unknown comes last."""

    def measure(row: Row) -> Any:
        if sort == "open":
            return share(row["open_kitchens"], row["kitchens"])
        return row[name] if sort == "name" else row[sort]

    known = sorted((row for row in rows if measure(row) is not None), key=measure, reverse=order == "desc")
    return [*known, *(row for row in rows if measure(row) is None)]
