"""PURE. No fresh reading: the lift may be fine or not, and nobody may read the last good one as the present."""

from datetime import datetime

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

WORDS = Words(rule=Rule.LIFT_UNKNOWN, subject="driver", starts="no fresh reading", ends="readings are fresh again")


def stale(look: Look, setup: Setup) -> bool:
    return look.age_s > setup.lift.stale_s


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """One look at the age of what is known."""
    return held_step(state, stale(look, setup), now, WORDS, 0, 0, {"age_s": round(look.age_s, 1)})
