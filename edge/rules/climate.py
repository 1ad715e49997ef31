"""PURE. Too warm, too cold or too damp for what the place is, for longer than it may be.

Time outside the limit is summed up until the value is back inside by the hysteresis; an unknown value is neither in
nor out and adds nothing. The same hysteresis ends an event.
"""

from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import ClimateSample
from edge.config import ClimateLimit, ClimateRules
from edge.rules import Decision


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule remembers of one measure."""

    since: datetime | None = None
    """when it was first outside"""
    last: datetime | None = None
    """the newest look, if that one was outside too"""
    outside_s: float = 0.0
    worst: float = 0.0
    open: bool = False


class ClimateState(msgspec.Struct, frozen=True, kw_only=True):
    temperature: Held = Held()
    humidity: Held = Held()


class _Bounds(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    unit: str
    slack: float
    at_most: float | None = None
    below: float | None = None
    above: float | None = None

    def outside(self, value: float) -> bool:
        return (
            (self.at_most is not None and value > self.at_most)
            or (self.below is not None and value >= self.below)
            or (self.above is not None and value <= self.above)
        )

    def well_inside(self, value: float) -> bool:
        return (
            (self.at_most is None or value <= self.at_most - self.slack)
            and (self.below is None or value < self.below - self.slack)
            and (self.above is None or value > self.above + self.slack)
        )

    @property
    def words(self) -> str:
        named = {"at most": self.at_most, "below": self.below, "above": self.above}
        return " and ".join(f"{name} {limit:g} {self.unit}" for name, limit in named.items() if limit is not None)


def step(
    state: ClimateState, sample: ClimateSample, now: datetime, limit: ClimateLimit, rules: ClimateRules, watched: bool
) -> tuple[ClimateState, list[Decision]]:
    """One look at a sensor; `watched` is False outside the hours in which the limits hold."""
    degrees = _Bounds(
        subject="temperature",
        unit="C",
        slack=rules.hysteresis_c,
        at_most=limit.at_most_c,
        below=limit.below_c,
        above=limit.above_c,
    )
    damp = _Bounds(subject="humidity", unit="%", slack=rules.hysteresis_humidity, at_most=limit.humidity_at_most)
    temperature, warm = _look(state.temperature, sample.temperature, now, degrees, limit.after_s, watched)
    humidity, wet = _look(state.humidity, sample.humidity, now, damp, limit.after_s, watched)
    return ClimateState(temperature=temperature, humidity=humidity), [*warm, *wet]


def _look(
    held: Held, value: float | None, now: datetime, bounds: _Bounds, after_s: float, watched: bool
) -> tuple[Held, list[Decision]]:
    if not watched:
        return Held(), _ended(held, bounds, "outside the hours that are watched") if held.open else []
    if value is None:
        return msgspec.structs.replace(held, last=None), []
    if bounds.well_inside(value):
        return Held(), _ended(held, bounds, f"{value:g} {bounds.unit} again") if held.open else []
    if not bounds.outside(value):
        return msgspec.structs.replace(held, last=None), []
    held = Held(
        since=held.since or now,
        last=now,
        outside_s=held.outside_s + ((now - held.last).total_seconds() if held.last else 0.0),
        worst=_worse(held, value, bounds),
        open=held.open,
    )
    if held.open or held.outside_s <= after_s:
        return held, []
    started = Decision(
        rule=Rule.CLIMATE,
        phase=Phase.START,
        at=held.since or now,
        reason=f"{value:g} {bounds.unit}, expected {bounds.words}, for more than {after_s:g} s",
        subject=bounds.subject,
        details={"value": value, "worst": held.worst, "expected": bounds.words, "seconds": round(held.outside_s)},
    )
    return msgspec.structs.replace(held, open=True), [started]


def _worse(held: Held, value: float, bounds: _Bounds) -> float:
    if held.since is None:
        return value
    return min(held.worst, value) if bounds.above is not None and value <= bounds.above else max(held.worst, value)


def _ended(held: Held, bounds: _Bounds, reason: str) -> list[Decision]:
    assert held.since is not None
    return [
        Decision(
            rule=Rule.CLIMATE,
            phase=Phase.END,
            at=held.since,
            reason=reason,
            subject=bounds.subject,
            details={"worst": held.worst, "seconds": round(held.outside_s)},
        )
    ]
