"""A pressed alarm button: said at once, whatever else the lift does; never suppressed."""

from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import LiftSample
from edge.rules import Decision


class AlarmState(msgspec.Struct, frozen=True):
    pressed_at: datetime | None = None


def step(state: AlarmState, sample: LiftSample, now: datetime) -> tuple[AlarmState, list[Decision]]:
    """Starts on the press and ends on the release; an unknown button changes nothing."""
    if sample.alarm_button is True and state.pressed_at is None:
        pressed = Decision(
            rule=Rule.ALARM_BUTTON,
            phase=Phase.START,
            at=now,
            reason="alarm button pressed",
            subject="button",
            details={"floor": sample.floor, "passenger": sample.passenger},
        )
        return AlarmState(now), [pressed]
    if sample.alarm_button is False and state.pressed_at is not None:
        ended = Decision(
            rule=Rule.ALARM_BUTTON,
            phase=Phase.END,
            at=state.pressed_at,
            reason="alarm button released",
            subject="button",
        )
        return AlarmState(), [ended]
    return state, []
