"""PURE. The UV lamp burns long enough in every shift with nobody inside, and never with somebody there.

Time that is not known (no word of the lamp, or of who is inside) could have been either: only a shift that is too
short even with all of it is reported.
"""

from datetime import datetime, timedelta, tzinfo

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import ClimateSample
from edge.config import UvRules
from edge.rules import Decision, clock

LONGEST_GAP = timedelta(minutes=15)
"""after a longer silence nobody can tell what the lamp did meanwhile"""
TOO_SHORT, EXPOSED = "exposure", "people"


class UvState(msgspec.Struct, frozen=True, kw_only=True):
    shift: datetime | None = None
    """when the present shift began"""
    lit_s: float = 0.0
    unknown_s: float = 0.0
    last: datetime | None = None
    lit: bool | None = None
    """what held at the last look: burning with nobody inside; None is unknown"""
    short_since: datetime | None = None
    """when the shift began whose lamp was too short; its event is open"""
    exposed_since: datetime | None = None
    causes: frozenset[str] = frozenset()


def step(
    state: UvState, sample: ClimateSample, inside: bool | None, now: datetime, rules: UvRules, zone: tzinfo
) -> tuple[UvState, list[Decision]]:
    """One look; `inside`: whether somebody is in the room, None when nobody can tell."""
    said = list[Decision]()
    shift = clock.last(now, rules.shifts_end, zone)
    if state.shift is None or state.last is None:
        # What was before we came is unknown.
        state = UvState(shift=shift, last=now, unknown_s=(now - shift).total_seconds())
    elif shift > state.shift:
        state, said = _close(_advance(state, max(shift, state.last)), shift, rules)
    state = msgspec.structs.replace(_advance(state, now), lit=_lit(sample, inside))
    if state.short_since is not None and state.lit_s >= rules.least_s:
        said.append(_decision(Phase.END, state.short_since, TOO_SHORT, f"burnt {state.lit_s:.0f} s in this shift"))
        state = msgspec.structs.replace(state, short_since=None)
    state, exposed = _expose(state, sample, inside, now)
    return state, [*said, *exposed]


def _lit(sample: ClimateSample, inside: bool | None) -> bool | None:
    if sample.uv_lamp is not True:
        return sample.uv_lamp
    if sample.door_open is True or inside is True:
        return False
    return None if sample.door_open is None and inside is None else True


def _advance(state: UvState, to: datetime) -> UvState:
    """Brings the account up to a time."""
    assert state.last is not None
    passed, lit = max(timedelta(), to - state.last), state.lit
    if passed > LONGEST_GAP:
        lit = None
    seconds = passed.total_seconds()
    return msgspec.structs.replace(
        state,
        last=max(to, state.last),
        lit_s=state.lit_s + (seconds if lit is True else 0.0),
        unknown_s=state.unknown_s + (seconds if lit is None else 0.0),
    )


def _close(state: UvState, shift: datetime, rules: UvRules) -> tuple[UvState, list[Decision]]:
    """Ends a shift and begins the next."""
    fresh = msgspec.structs.replace(state, shift=shift, lit_s=0.0, unknown_s=0.0)
    if state.short_since is not None or state.lit_s + state.unknown_s >= rules.least_s or state.shift is None:
        return fresh, []
    reason = f"burnt {state.lit_s:.0f} s with nobody inside, expected at least {rules.least_s:g} s"
    details = {"seconds": round(state.lit_s), "unknown": round(state.unknown_s), "expected": rules.least_s}
    started = _decision(Phase.START, state.shift, TOO_SHORT, reason, details)
    return msgspec.structs.replace(fresh, short_since=state.shift), [started]


def _expose(
    state: UvState, sample: ClimateSample, inside: bool | None, now: datetime
) -> tuple[UvState, list[Decision]]:
    """Somebody in the light is said at once; a cause ends only when it is known to be over."""
    seen = {"somebody inside": inside, "door open": sample.door_open}
    causes = {name for name, holds in seen.items() if holds or (holds is None and name in state.causes)}
    dark = sample.uv_lamp is False
    if state.exposed_since is None:
        if sample.uv_lamp is not True or not causes:
            return state, []
        reason = f"UV lamp burns: {', '.join(sorted(causes))}"
        started = _decision(Phase.START, now, EXPOSED, reason)
        return msgspec.structs.replace(state, exposed_since=now, causes=frozenset(causes)), [started]
    if causes and not dark:
        return msgspec.structs.replace(state, causes=frozenset(causes)), []
    ended = _decision(Phase.END, state.exposed_since, EXPOSED, "UV lamp is off" if dark else "nobody in the light")
    return msgspec.structs.replace(state, exposed_since=None, causes=frozenset()), [ended]


def _decision(
    phase: Phase, at: datetime, subject: str, reason: str, details: dict[str, float] | None = None
) -> Decision:
    return Decision(rule=Rule.UV_LAMP, phase=phase, at=at, reason=reason, subject=subject, details=details or {})
