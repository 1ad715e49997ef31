"""PURE: the tables of the page of rescues as rows for a file."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from api.intervals import Estimate
from api.oversight.figures import LEAST_LIFTS, Figures, Row, Unit
from api.oversight.gathered import Gathered

TABLES = ("months", "towns", "units", "repeats")


def table(
    of: str, gathered: Gathered, units: Iterable[Unit], repeats: Sequence[Row], towns: Sequence[Row]
) -> list[dict[str, Any]]:
    """One of `TABLES`. An empty cell: nothing was counted."""
    if of == "units":
        return [_unit(unit) for unit in units]
    if of == "repeats":
        return [{key: value for key, value in row.items() if key != "of_all"} for row in repeats]
    if of == "towns":
        found = gathered.by_town()
        return [
            {**_town(row), **_figures(found.get(row["code"]), gathered.lifts.get(row["code"], 0))}
            for row in towns
            if row["code"] in gathered.lifts or row["code"] in found
        ]
    lifts = sum(gathered.lifts.values())
    return [{"month": month, **_figures(figures, lifts)} for month, figures in gathered.by_month()]


def _town(row: Row) -> dict[str, Any]:
    return {"town_code": row["code"], "town_zh": row["name_zh"], "town_en": row["name_en"]}


def _figures(found: Figures | None, lifts: int) -> dict[str, Any]:
    return {
        "trapped": found.trapped if found else 0,
        "trapped_in_mass_incidents": found.mass if found else 0,
        "passenger_lifts": lifts,
        **_estimate("rate_percent", found.rate if found else None, 4),
        **_estimate("response_3_min_percent", found.response if found else None, 2),
        **_estimate("arrival_30_min_percent", found.arrival if found else None, 2),
        **_estimate("arrival_min", found.arrival_minutes if found else None, 2),
        "arrival_median_min": _round(found.arrival_median if found else None, 2),
        "arrival_p90_min": _round(found.arrival_p90 if found else None, 2),
        **_estimate("release_min", found.release_minutes if found else None, 2),
        **{f"tier_{n}": count for n, count in enumerate(found.tiers if found else (0, 0, 0), 1)},
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "unit": unit.row["code"],
        "unit_zh": unit.row["name_zh"],
        "unit_en": unit.row["name_en"],
        "passenger_lifts": unit.lifts,
        "ranked": unit.lifts >= LEAST_LIFTS,
        "trapped": unit.trapped,
        **_estimate("rate_percent", unit.rate, 4),
        **_estimate("response_3_min_percent", unit.response, 2),
        **_estimate("arrival_30_min_percent", unit.arrival, 2),
        **_estimate("arrival_min", unit.minutes, 2),
    }


def _estimate(name: str, found: Estimate | None, digits: int) -> Mapping[str, Any]:
    return {
        name: _round(found.value if found else None, digits),
        f"{name}_low": _round(found.low if found else None, digits),
        f"{name}_high": _round(found.high if found else None, digits),
        f"{name}_n": found.n if found else 0,
    }


def _round(value: float | None, digits: int) -> float | str:
    return "" if value is None or not isfinite(value) else round(value, digits)
