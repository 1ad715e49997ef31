"""PURE: the large figures of the city's page, with those of a year before where there are any."""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def published(spans: Mapping[str, Row], *, compared: bool) -> dict[str, Any]:
    """From the statement `figures`. `last` is None where records begin later than a year before."""
    now = _span(spans["now"])
    return {**now, "last": _span(spans["last"]) if compared else None}


def _span(row: Row) -> dict[str, Any]:
    """Shares in percent, times in minutes; None: nothing was counted."""
    tiers = [row["tier_1"], row["tier_2"], row["tier_3"]]
    return {
        "rescues": row["rescues"],
        "mass": row["mass"],
        "lifts": row["passenger_lifts"],
        "rate": _share(row["rescues"], row["passenger_lifts"]),
        "arrival_min": None if row["arrival_min"] is None else float(row["arrival_min"]),
        "release_min": None if row["release_min"] is None else float(row["release_min"]),
        "answered": _share(row["answered"], row["answered"] + row["not_answered"]),
        "arrived": _share(row["arrived"], row["arrived"] + row["not_arrived"]),
        "tiers": [_share(tier, sum(tiers)) for tier in tiers],
    }


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
