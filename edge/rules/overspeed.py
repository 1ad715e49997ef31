"""PURE. The car is faster than its governor should ever let it be; said in every mode."""

from datetime import datetime

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

CALM_S = 5.0
WORDS = Words(rule=Rule.OVERSPEED, starts="faster than the rated speed allows", ends="within the rated speed")


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """One look at a speed."""
    speed = look.sample.speed
    limit = setup.lift.overspeed * setup.rated_speed
    holds = None if speed is None else abs(speed) > limit
    details = {"speed": speed, "rated": setup.rated_speed, "floor": look.sample.floor}
    return held_step(state, holds, now, WORDS, setup.lift.overspeed_s, CALM_S, details)
