"""PURE: what `sunlit bench desk` tells."""

import msgspec

from alerting.bench.numbers import Spread

CYCLE_LIMIT_MS = 200.0
LATE_LIMIT_MS = 1500.0


class DeskNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed with `--json`; docs/bench.md says what each means."""

    open: int
    workers: int
    seconds: float
    database: str
    durable: bool
    cores: int
    cycles: int
    busy: int
    cycle: Spread
    cycle_limit_ms: float = CYCLE_LIMIT_MS
    cycle_ratio: float | None
    fired: int
    late: Spread
    late_limit_ms: float = LATE_LIMIT_MS
    late_ratio: float | None
    done_per_second: float
    events_per_second: float
    commands_per_second: float
    open_at_end: int
    left: int
    idle_share: float


def ratio(value: float | None, limit: float) -> float | None:
    """How much of the limit was used."""
    return None if value is None else round(value / limit, 3)
