"""PURE: who goes first out of the spool. On the wire alarms and events share a lane; here an alarm may overtake."""

from enum import StrEnum

from contracts.kinds import Rule
from contracts.messages import Event, Telemetry


class Priority(StrEnum):
    """In the order of sending; what stands last is given up first when there is no room."""

    ALARM = "alarm"
    EVENT = "event"
    TELEMETRY = "telemetry"


DANGER = frozenset(
    {
        Rule.TRAPPED_NON_LEVEL,
        Rule.TRAPPED_LEVEL,
        Rule.ALARM_BUTTON,
        Rule.UNINTENDED_MOVEMENT,
        Rule.OVERSPEED,
        Rule.OVERTRAVEL,
        Rule.MASS_OUTAGE,
    }
)
"""rules where a person may be in danger"""


def priority(message: Telemetry | Event) -> Priority:
    """All revisions of an event have one priority, so that its end never overtakes its start."""
    if isinstance(message, Telemetry):
        return Priority.TELEMETRY
    return Priority.ALARM if message.rule in DANGER else Priority.EVENT
