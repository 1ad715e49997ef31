"""PURE. A lift's rides get worse over weeks: a hint for its maintenance, never an emergency.

Each ride has a score, 0 as new to 1 worn. What the lift was like is a slow mean, what it is like now a fast one.
"""

from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from edge.config import LiftRules
from edge.rules import Decision

DAY_S = 86_400.0


class RideState(msgspec.Struct, frozen=True):
    rides: int = 0
    usual: float = 0.0
    lately: float = 0.0
    last: datetime | None = None
    began: datetime | None = None


def step(state: RideState, score: float | None, now: datetime, rules: LiftRules) -> tuple[RideState, list[Decision]]:
    """One look; `score` only when a ride has just been judged."""
    if score is None:
        return state, []
    state = _learnt(state, score, now, rules)
    worse = state.lately - state.usual
    if state.rides <= rules.ride_learn:
        return state, []
    if state.began is None and (worse > rules.ride_drift or state.lately > rules.ride_worn):
        why = "worn" if state.lately > rules.ride_worn else "worse than usual"
        return msgspec.structs.replace(state, began=now), [_said(Phase.START, now, f"rides are {why}", state)]
    better = worse < rules.ride_drift / 2 and state.lately < rules.ride_worn * 0.8
    if state.began is not None and better:
        return msgspec.structs.replace(state, began=None), [_said(Phase.END, state.began, "rides are as usual", state)]
    return state, []


def _learnt(state: RideState, score: float, now: datetime, rules: LiftRules) -> RideState:
    rides = state.rides + 1
    if rides <= rules.ride_learn:
        mean = state.usual + (score - state.usual) / rides
        return msgspec.structs.replace(state, rides=rides, usual=mean, lately=mean, last=now)
    days = max(0.0, (now - (state.last or now)).total_seconds()) / DAY_S
    fast, slow = (1 - 0.5 ** (days / half) for half in (rules.ride_days, 10 * rules.ride_days))
    return msgspec.structs.replace(
        state,
        rides=rides,
        lately=state.lately + fast * (score - state.lately),
        # While a hint stands, what is wrong must not become the usual.
        usual=state.usual if state.began else state.usual + slow * (score - state.usual),
        last=now,
    )


def _said(phase: Phase, at: datetime, reason: str, state: RideState) -> Decision:
    return Decision(
        rule=Rule.RIDE_QUALITY,
        phase=phase,
        at=at,
        reason=reason,
        subject="ride",
        confidence=round(min(1.0, max(0.0, state.lately)), 3),
        details={"lately": round(state.lately, 3), "usual": round(state.usual, 3), "rides": state.rides},
    )
