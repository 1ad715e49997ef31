"""PURE: what `sunlit bench api` tells."""

from collections.abc import Mapping, Sequence

import msgspec

from runtime.load.percentile import percentile

LIMITS: Mapping[str, float] = {
    "board_p95_ms": 150.0,
    "incident_p95_ms": 150.0,
    "public_p95_ms": 50.0,
    "public_rps": 500.0,
    "sse_viewers": 1000.0,
}
AT_LEAST = frozenset(("public_rps", "sse_viewers"))
"""more is better; of the others less"""


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed with `--json`; docs/bench.md says what each means. Milliseconds; None of nothing."""

    board_p50_ms: float | None
    board_p95_ms: float | None
    incident_p50_ms: float | None
    incident_p95_ms: float | None
    public_p50_ms: float | None
    public_p95_ms: float | None
    public_rps: float
    public_bytes: int
    sse_viewers: int
    """boards that heard of every change"""
    sse_asked: int
    sse_p95_ms: float | None
    """from the commit of a change until a board has heard of it"""
    sse_max_ms: float | None
    lifts: int
    kitchens: int
    incidents: int
    open: int
    findings: int
    seconds: float
    database: str
    cores: int
    idle_share: float
    ratios: dict[str, float | None]
    """each figure to its limit: at most 1 where less is better, at least 1 of public_rps and sse_viewers"""

    @property
    def kept(self) -> bool:
        """Whether every limit is kept."""
        return all(
            ratio is not None and (ratio >= 1 if name in AT_LEAST else ratio <= 1)
            for name, ratio in self.ratios.items()
        )


def milliseconds(seconds: Sequence[float], share: float) -> float | None:
    """Nearest rank, to a tenth of a millisecond."""
    found = percentile(seconds, share)
    return None if found is None else round(found * 1000, 1)


def ratios(found: Mapping[str, float | None], asked: int) -> dict[str, float | None]:
    """Each figure to its limit; of viewers the limit is how many were asked for."""
    limits = {**LIMITS, "sse_viewers": float(asked)}
    return {
        name: None if (value := found[name]) is None else round(value / limit, 3)
        for name, limit in limits.items()
        if name in found
    }
