"""PURE: the targets of the work plan and what was reached of each, for a town or for all; and which town is how hot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from api.intervals import Estimate
from api.oversight.figures import LEAST_LIFTS, rate, share

Row = Mapping[str, Any]
GOAL_OPEN = 80.0
MUCH = 1.25
"""so many times the mean of the towns is hot"""


class Kpi(NamedTuple):
    """A share in percent of `total`, with a target; `found` None: there is nothing to take a share of."""

    name: str
    target: float
    hits: int
    total: int
    found: Estimate | None

    @property
    def standing(self) -> str:
        """`reached`, `missed`, `unsure` where the target lies inside the interval, `unknown`."""
        if self.found is None:
            return "unknown"
        if self.found.low <= self.target <= self.found.high:
            return "unsure"
        return "reached" if self.found.value >= self.target else "missed"


class Count(NamedTuple):
    """How a target is counted: columns of a town's row; `rest` True: the second holds those that did not, else all."""

    name: str
    target: float
    hits: str
    other: str
    rest: bool = False


# The first is the work plan's own; the others are ours, near what cities publish (docs/oversight.md).
COUNTS = (
    Count("open", GOAL_OPEN, "open_kitchens", "kitchens"),
    Count("platform", 100.0, "registered", "lifts"),
    Count("heard", 98.0, "heard", "lifts"),
    Count("tested", 95.0, "tested", "lifts"),
    Count("rectified", 90.0, "rectified_hits", "rectified_missed", rest=True),
    Count("response", 99.5, "response_hits", "response_missed", rest=True),
    Count("arrival", 99.5, "arrival_hits", "arrival_missed", rest=True),
)
LATER = ("grades", "rapid_tests", "credit", "exemptions")
"""targets of the work plan whose records this system does not keep yet"""


def kpis(row: Row) -> list[Kpi]:
    """All targets, from the counts of a town or of several."""
    made = []
    for count in COUNTS:
        hits, other = int(row[count.hits]), int(row[count.other])
        total = hits + other if count.rest else other
        made.append(Kpi(count.name, count.target, hits, total, share(hits, total - hits)))
    return made


def together(rows: Sequence[Row]) -> dict[str, int]:
    """The counts of several towns as those of one."""
    names = {name for count in COUNTS for name in (count.hits, count.other)}
    names |= {"passenger", "trapped_year", "trapped", "open", "late", "blind", "with_camera"}
    return {name: sum(int(row[name]) for row in rows) for name in names}


MEASURES = ("open", "late", "trapped", "share", "blind")


class Heat(NamedTuple):
    """A town under a measure; `place` from 1, None where it is not ranked; `size` 0 to 1 and `tone` for a map."""

    row: Row
    value: float | None
    estimate: Estimate | None
    place: int | None
    size: float
    tone: str


def heat(rows: Iterable[Row], measure: str) -> list[Heat]:
    """Towns, the hottest first, then those that are not ranked: too few lifts for a rate, or nothing to count.

    Counts of findings and cameras are per thousand kitchens and lifts, so that a large town is not hot by its size.
    """
    measured = [(row, *_measure(row, measure)) for row in rows]
    known = [one for one in measured if one[1] is not None and _ranked(one[0], measure)]
    apart = [one for one in measured if one[1] is None or not _ranked(one[0], measure)]
    known.sort(key=lambda one: one[1] or 0.0, reverse=measure != "share")
    bad = [_badness(value, measure) for _, value, _ in known if value is not None]
    worst, usual = max(bad, default=0.0) or 1.0, sum(bad) / len(bad) if bad else 0.0
    made = []
    for place, (row, value, estimate) in enumerate(known, 1):
        size = _badness(value or 0.0, measure) / worst
        made.append(Heat(row, value, estimate, place, size, _tone(value or 0.0, measure, usual)))
    made += [Heat(row, value, estimate, None, 0.05, "unknown") for row, value, estimate in apart]
    return made


def _measure(row: Row, measure: str) -> tuple[float | None, Estimate | None]:
    places = row["kitchens"] + row["lifts"]
    if measure == "trapped":
        # `rate` is per hundred lifts: with a tenth of the months it is per thousand.
        found = rate(row["trapped_year"], row["passenger"], 12 * 0.1)
        return (found.value if found else None), found
    if measure == "share":
        found = share(row["open_kitchens"], row["kitchens"] - row["open_kitchens"])
        return (found.value if found else None), found
    of = row["kitchens"] if measure == "blind" else places
    return (1000 * row[measure] / of if of else None), None


def _ranked(row: Row, measure: str) -> bool:
    if measure in ("share", "blind"):
        return int(row["kitchens"]) >= LEAST_LIFTS
    return int(row["lifts"]) >= LEAST_LIFTS


def _badness(value: float, measure: str) -> float:
    return 100 - value if measure == "share" else value


def _tone(value: float, measure: str, usual: float) -> str:
    """Amber where it is a quarter more than usual, or below its goal. Red is for danger, never for a figure."""
    if measure == "share":
        return "late" if value < GOAL_OPEN else "fine"
    return "late" if value > MUCH * usual else "plain"
