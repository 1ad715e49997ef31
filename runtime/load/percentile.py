"""PURE: the value below which a share of the values lie."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the values lie (nearest rank); None of nothing."""
    ranked = sorted(values)
    if not ranked:
        return None
    rank = -(-len(ranked) * share // 1)
    return round(ranked[max(0, int(rank) - 1)], 4)
