"""PURE. The car stands outside the door zone, with or without anybody in it."""

from datetime import datetime

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

WORDS = Words(rule=Rule.STOPPED_OUTSIDE_ZONE, starts="stands outside the door zone", ends="in the door zone, or runs")


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """Whoever maintains the lift may leave the car where it is."""
    sample, holds = look.sample, None
    if look.maintained or look.runs or sample.door_zone is True:
        holds = False
    elif look.stands and sample.door_zone is False:
        holds = True
    details = {"floor": sample.floor, "position": sample.position, "person": look.presence.inside}
    return held_step(state, holds, now, WORDS, setup.lift.stopped_outside_s, 0, details)
