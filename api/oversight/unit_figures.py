"""PURE: what a maintenance unit did in a period, as estimates; who may be compared, and in which order."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from api.intervals import Estimate
from api.oversight.figures import LEAST_LIFTS, mean, rate, share

Row = Mapping[str, Any]
COUNTED = ("lifts", "trapped", "declined", "missed", "repeats", "silent")
ESTIMATED = ("rate", "response", "arrival", "minutes", "release")
SORTS = (*ESTIMATED, *COUNTED, "name")
PER_THOUSAND = 0.1


class Unit(NamedTuple):
    """Shares in percent, times in minutes, `rate` per 1,000 passenger lifts and month. None: nothing was counted."""

    row: Row
    rate: Estimate | None
    response: Estimate | None
    arrival: Estimate | None
    minutes: Estimate | None
    release: Estimate | None

    @property
    def ranked(self) -> bool:
        """With fewer lifts its place would be luck."""
        return int(self.row["lifts"]) >= LEAST_LIFTS

    def measure(self, sort: str) -> float | None:
        """What it is sorted by; None: unknown."""
        if sort in COUNTED:
            return float(self.row[sort])
        found: Estimate | None = getattr(self, sort)
        return None if found is None else found.value


def unit(row: Row, months: float) -> Unit:
    """From a row of the statement `units`, of so many months."""
    return Unit(
        row,
        rate(row["trapped"], row["lifts"], months * PER_THOUSAND),
        share(row["response_hits"], row["response_missed"]),
        share(row["arrival_hits"], row["arrival_missed"]),
        mean(row["arrivals"], row["arrival_mean"], row["arrival_sd"]),
        mean(row["releases"], row["release_mean"], row["release_sd"]),
    )


def ordered(units: Iterable[Unit], sort: str, order: str, name: str) -> tuple[list[Unit], list[Unit]]:
    """Those that may be compared, in order and with the unknown ones last; and those with too few lifts, by name."""
    by_name = sorted(units, key=lambda one: str(one.row[name]))
    compared, apart = [one for one in by_name if one.ranked], [one for one in by_name if not one.ranked]
    if sort == "name":
        return (compared[::-1] if order == "desc" else compared), apart
    known = [one for one in compared if one.measure(sort) is not None]
    known.sort(key=lambda one: one.measure(sort) or 0.0, reverse=order == "desc")
    return [*known, *(one for one in compared if one.measure(sort) is None)], apart


def line(one: Unit, language: str) -> dict[str, Any]:
    """A row of a file, by the names of its columns. An empty cell: nothing was counted."""
    found: dict[str, Any] = {"code": one.row["code"], "name": one.row[f"name_{language}"], "ranked": one.ranked}
    found |= {name: one.row[name] for name in ("lifts", "trapped")}
    for name in ESTIMATED:
        estimate: Estimate | None = getattr(one, name)
        found[name] = round(estimate.value, 3) if estimate else ""
        found[f"{name}_low"] = round(estimate.low, 3) if estimate else ""
        found[f"{name}_high"] = round(estimate.high, 3) if estimate and estimate.high < 1e12 else ""
        found[f"{name}_n"] = estimate.n if estimate else 0
    for name, key in (("median", "arrival_p50"), ("release_median", "release_p50")):
        found[name] = round(one.row[key], 2) if one.row[key] is not None else ""
    return found | {name: one.row[name] for name in ("calls", "declined", "missed", "repeats", "silent")}
