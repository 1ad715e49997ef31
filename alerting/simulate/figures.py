"""PURE: what many incidents come to: percentiles, shares, and how two policies differ over the same incidents."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alerting.simulate.play import LONGEST, Outcome

Numbers = NDArray[np.float64]
PERCENTILES = (50, 90, 95, 99)
Z95 = 1.959964
RESPONSE_S, ARRIVAL_S = 180.0, 1800.0
"""published goals: answered in three minutes, there in thirty"""
TIERS = (1, 2, 3)
RESAMPLES = 200
COLUMNS = ("accepted_s", "arrived_s", "released_s", "tier3_s", "tier", "came", "pages", "people")


class Table(Struct):
    """Outcomes by column, in the order of the incidents."""

    columns: dict[str, Numbers]
    fired: Counter[str]

    @property
    def size(self) -> int:
        return len(self.columns["tier"])


def gather(outcomes: Sequence[Outcome]) -> Table:
    """Outcomes as columns."""
    fired: Counter[str] = Counter()
    for one in outcomes:
        fired.update(one.fired)
    return Table({name: np.array([getattr(one, name) for one in outcomes], dtype=float) for name in COLUMNS}, fired)


def joined(parts: Sequence[Table]) -> Table:
    """Several tables one after the other."""
    fired: Counter[str] = Counter()
    for part in parts:
        fired.update(part.fired)
    return Table({name: np.concatenate([part.columns[name] for part in parts]) for name in COLUMNS}, fired)


def arrival_min(table: Table) -> Numbers:
    """Minutes from the alarm to the first crew; whoever nobody came to has waited for the whole simulation."""
    return np.nan_to_num(table.columns["arrived_s"], nan=LONGEST.total_seconds()) / 60


def release_min(table: Table) -> Numbers:
    """Minutes from the arrival to the open door, of those who were freed."""
    there = table.columns["released_s"] - table.columns["arrived_s"]
    return there[~np.isnan(there)] / 60


def trapped_min(table: Table) -> Numbers:
    """Minutes from the alarm to the open door."""
    return np.nan_to_num(table.columns["released_s"], nan=LONGEST.total_seconds()) / 60


def _waiting(table: Table) -> Numbers:
    return table.columns["people"] * (arrival_min(table) * 60 > ARRIVAL_S)


MEASURES: Mapping[str, Callable[[Table], Numbers]] = {
    "arrival_min": arrival_min,
    "trapped_min": trapped_min,
    "pages_per_incident": lambda table: table.columns["pages"],
    "response_3min_share": lambda table: (table.columns["accepted_s"] <= RESPONSE_S).astype(float),
    "arrival_30min_share": lambda table: (table.columns["arrived_s"] <= ARRIVAL_S).astype(float),
    "tier2_called_share": lambda table: (table.columns["tier"] >= 2).astype(float),
    "tier3_called_share": lambda table: (table.columns["tier"] >= 3).astype(float),
    "people_waiting_over_30_min_per_incident": _waiting,
}
"""one number an incident, so that two policies can be compared incident by incident"""


def figures(table: Table) -> dict[str, Any]:
    """The figures of one policy."""
    columns, size = table.columns, table.size
    late = _waiting(table)
    return {
        "incidents": size,
        "arrival_min": spread(arrival_min(table)),
        "release_min": spread(release_min(table)),
        "trapped_min": spread(trapped_min(table)),
        "response_3min": share(columns["accepted_s"] <= RESPONSE_S),
        "arrival_30min": share(columns["arrived_s"] <= ARRIVAL_S),
        "tier_first_there": {str(tier): share(columns["came"] == tier) for tier in TIERS},
        "tier_called": {str(tier): share(columns["tier"] == tier) for tier in TIERS},
        "pages_per_incident": round(float(columns["pages"].mean()), 4),
        "people": int(columns["people"].sum()),
        "people_waiting_over_30_min": int(late.sum()),
        "nobody_came": int(np.isnan(columns["arrived_s"]).sum()),
        "clocks_fired": dict(sorted(table.fired.items())),
    }


def spread(values: Numbers) -> dict[str, float]:
    """Mean with its 95 % interval, and percentiles."""
    if not len(values):
        return {}
    mean, low, high = interval(values)
    found = {"mean": mean, "mean_low": low, "mean_high": high}
    return found | {f"p{one}": round(float(np.percentile(values, one)), 3) for one in PERCENTILES}


def interval(values: Numbers) -> tuple[float, float, float]:
    """The mean and its 95 % interval (normal)."""
    mean = float(values.mean())
    half = Z95 * float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    return round(mean, 6), round(mean - half, 6), round(mean + half, 6)


def share(hits: NDArray[np.bool_]) -> dict[str, float]:
    """A share with its 95 % interval (Wilson)."""
    size = len(hits)
    if not size:
        return {}
    found = float(hits.mean())
    centre = (found + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 / (1 + Z95**2 / size) * sqrt(found * (1 - found) / size + Z95**2 / (4 * size**2))
    return {"share": round(found, 6), "low": round(max(0.0, centre - half), 6), "high": round(centre + half, 6)}


def compared(first: Table, second: Table, seed: int) -> dict[str, dict[str, float]]:
    """The second less the first, incident by incident, with 95 % intervals."""
    found = {}
    for name, measure in MEASURES.items():
        mean, low, high = interval(measure(second) - measure(first))
        found[name] = {"difference": mean, "low": low, "high": high}
    return found | _percentiles(arrival_min(first), arrival_min(second), seed)


def _percentiles(first: Numbers, second: Numbers, seed: int) -> dict[str, dict[str, float]]:
    """Differences of percentiles: a bootstrap that draws incidents, each with both of its outcomes."""
    random = np.random.default_rng(seed)
    size = len(first)
    if np.array_equal(first, second):
        drawn = np.zeros((1, len(PERCENTILES)))
    else:
        drawn = np.array(
            [
                np.percentile(second[rows], PERCENTILES) - np.percentile(first[rows], PERCENTILES)
                for rows in (random.integers(0, size, size) for _ in range(RESAMPLES))
            ]
        )
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    whole = np.percentile(second, PERCENTILES) - np.percentile(first, PERCENTILES)
    return {
        f"arrival_p{one}_min": {
            "difference": round(float(whole[place]), 6),
            "low": round(float(low[place]), 6),
            "high": round(float(high[place]), 6),
        }
        for place, one in enumerate(PERCENTILES)
    }
