"""PURE: the charts of the page of rescues."""

from collections.abc import Callable, Mapping

from markupsafe import Markup

from api.charts import share_bar
from api.intervals import Estimate
from api.oversight.figures import ARRIVAL_BINS, ARRIVAL_NAMES, HOURS, counts
from api.oversight.gathered import Gathered
from api.paired_charts import Series, columns, lying

Words = Callable[..., str]
MOST_NAMES = 6


def charts(now: Gathered, before: Gathered | None, words: Words) -> Mapping[str, Markup]:
    """By name. Without a year before only what is known is drawn."""
    return {
        "months": _months(now, before, words("rescues.by_month")),
        "arrivals": _spread(now, before, "arrival", range(ARRIVAL_BINS + 1), ARRIVAL_NAMES, words("rescues.spread"), 1),
        "hours": _spread(now, before, "hour", HOURS, [str(hour) for hour in HOURS], words("rescues.hours"), 3),
        "causes": _causes(now, before, words),
        "tiers": share_bar(
            [(words("board.tier", n=n), count, f"tier-{n}") for n, count in enumerate(now.whole().tiers, 1)],
            words("rescues.tiers"),
        ),
    }


def _months(now: Gathered, before: Gathered | None, label: str) -> Markup:
    names = [name for name, _ in now.by_month()]
    last = _rates(before) if before else [None] * len(names)
    return columns([name[2:] for name in names], _rates(now), last, label, -(-len(names) // MOST_NAMES))


def _rates(gathered: Gathered) -> list[float | None]:
    """A month in which nobody was trapped has a rate of nought."""
    return [_rounded(found.rate) if found else 0.0 for _, found in gathered.by_month()]


def _rounded(found: Estimate | None) -> float | None:
    return None if found is None else round(found.value, 3)


def _spread(
    now: Gathered,
    before: Gathered | None,
    kind: str,
    keys: range,
    names: list[str] | tuple[str, ...],
    label: str,
    every: int,
) -> Markup:
    def shares(gathered: Gathered) -> Series:
        """In percent: two periods never have as many rescues."""
        found = counts(gathered.spread, kind)
        total = sum(found.values())
        return [round(100 * found.get(str(key), 0) / total, 1) if total else 0.0 for key in keys]

    return columns(names, shares(now), shares(before) if before else [None] * len(names), label, every)


def _causes(now: Gathered, before: Gathered | None, words: Words) -> Markup:
    found = {name: count for name, count in counts(now.spread, "cause").items() if name}
    last = {name: count for name, count in counts(before.spread, "cause").items() if name} if before else {}
    names = sorted({*found, *last}, key=lambda name: (-found.get(name, 0), -last.get(name, 0), name))
    total, total_last = sum(found.values()), sum(last.values())
    return lying(
        [words(f"cause.{name}") for name in names],
        [round(100 * found.get(name, 0) / total, 1) if total else 0.0 for name in names],
        [round(100 * last.get(name, 0) / total_last, 1) if total_last else None for name in names],
        words("rescues.causes"),
    )
