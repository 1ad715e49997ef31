"""PURE: what `sunlit bench alarm` tells."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from runtime.load.percentile import percentile

LIMIT_MS = 500.0
STAGES = ("spooled", "stored", "opened", "sent", "received")


class Way(NamedTuple):
    """One alarm on its way, in Unix time (s): decided at the edge, safe in its spool, its row committed, its incident
    committed, the attempt of the page written down, and the page at the gateway."""

    decided: float
    spooled: float
    stored: float
    opened: float
    sent: float
    received: float

    def stage_ms(self, number: int) -> float:
        return (self[number + 1] - self[number]) * 1000

    @property
    def whole_ms(self) -> float:
        return (self.received - self.decided) * 1000


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds; None of nothing."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed with `--json`; docs/bench.md says what each means."""

    alarms: int
    seconds: float
    background: float
    devices: int
    database: str
    durable: bool
    cores: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    limit_ms: float
    ratio: float | None
    stages: dict[str, Spread]
    background_per_second: float
    background_late_s: float
    burst: int
    burst_ms: Spread
    burst_stages: dict[str, Spread]
    raised: int
    paged: int
    repeated: int
    missing: int
    idle_share: float
    cores_used: dict[str, float]


def spread(values: Sequence[float]) -> Spread:
    """Nearest ranks, to a tenth of a millisecond."""

    def at(share: float) -> float | None:
        found = percentile(values, share)
        return None if found is None else round(found, 1)

    return Spread(p50_ms=at(0.5), p95_ms=at(0.95), p99_ms=at(0.99), max_ms=at(1.0))


def stages(ways: Sequence[Way]) -> dict[str, Spread]:
    """Where the time went: what each stage took, by the name of where it ends."""
    return {name: spread([way.stage_ms(number) for way in ways]) for number, name in enumerate(STAGES)}


def timetable(first: float, seconds: float, shares: Sequence[float]) -> list[float]:
    """One alarm in each of as many equal parts of the time; `shares` (0 to 1) say where in its part."""
    part = seconds / max(1, len(shares))
    return [first + part * (number + share) for number, share in enumerate(shares)]
