"""PURE. Food that is reheated must become hot enough inside: a probe that went up and came down again without it."""

from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import ClimateSample
from edge.config import ReheatingRules
from edge.rules import Decision

OVER_BELOW_C = 5.0
"""so far below the beginning a reheating is over"""
SUBJECT = "core"


class ReheatingState(msgspec.Struct, frozen=True, kw_only=True):
    since: datetime | None = None
    """when the present reheating began"""
    peak: float = 0.0
    failed_at: datetime | None = None
    """when the one began that was not hot enough; its event is open"""


def step(
    state: ReheatingState, sample: ClimateSample, now: datetime, rules: ReheatingRules
) -> tuple[ReheatingState, list[Decision]]:
    """One look at a core probe; an unknown value changes nothing."""
    core = sample.temperature
    if core is None:
        return state, []
    if core >= rules.begins_c:
        peak = max(state.peak, core) if state.since else core
        state = msgspec.structs.replace(state, since=state.since or now, peak=peak)
        if state.failed_at is not None and peak > rules.core_above_c:
            ended = _say(Phase.END, state.failed_at, f"{peak:g} C reached this time", peak, rules)
            return msgspec.structs.replace(state, failed_at=None), [ended]
        return state, []
    if state.since is None or core > rules.begins_c - OVER_BELOW_C:
        return state, []
    cold = ReheatingState(failed_at=state.failed_at)
    if state.peak > rules.core_above_c or state.failed_at is not None:
        return cold, []
    reason = f"reheated to {state.peak:g} C, expected above {rules.core_above_c:g} C"
    started = _say(Phase.START, state.since, reason, state.peak, rules)
    return msgspec.structs.replace(cold, failed_at=state.since), [started]


def _say(phase: Phase, at: datetime, reason: str, peak: float, rules: ReheatingRules) -> Decision:
    return Decision(
        rule=Rule.CLIMATE,
        phase=phase,
        at=at,
        reason=reason,
        subject=SUBJECT,
        details={"worst": peak, "expected": f"above {rules.core_above_c:g} C"},
    )
