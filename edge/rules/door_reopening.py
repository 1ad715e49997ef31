"""PURE. The door closes and opens again, many times at one landing, instead of letting the car go."""

from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from edge.rules import Decision
from edge.rules.look import Look, Setup


class ReopeningState(msgspec.Struct, frozen=True):
    closed: bool | None = None
    times: tuple[datetime, ...] = ()
    """when it opened again, at this landing"""
    began: datetime | None = None


def step(state: ReopeningState, look: Look, now: datetime, setup: Setup) -> tuple[ReopeningState, list[Decision]]:
    """One look at a door."""
    door = state.closed if look.sample.door_closed is None else look.sample.door_closed
    if look.runs or look.maintained:
        fresh = ReopeningState(closed=door)
        return (fresh, [_said(Phase.END, state.began, "the car runs", 0)]) if state.began else (fresh, [])
    again = state.closed is True and door is False
    times = (*state.times, now) if again else state.times
    times = tuple(at for at in times if (now - at).total_seconds() <= setup.lift.reopening_window_s)
    if state.began is None and len(times) >= setup.lift.reopenings:
        started = _said(Phase.START, times[0], f"door opened again {len(times)} times", len(times))
        return ReopeningState(door, times, times[0]), [started]
    return ReopeningState(door, times, state.began), []


def _said(phase: Phase, at: datetime, reason: str, times: int) -> Decision:
    return Decision(
        rule=Rule.DOOR_REOPENING, phase=phase, at=at, reason=reason, subject="door", details={"times": times}
    )
