"""PURE. The car has gone beyond its highest or lowest landing, towards the limit switch and the buffer."""

from datetime import datetime

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

SETTLED_S = 2.0
WORDS = Words(rule=Rule.OVERTRAVEL, starts="beyond the last landing", ends="between the last landings again")


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """Unknown for a lift whose travel is not configured, and no matter of a technician's inspection."""
    position, holds = look.sample.position, None
    beyond = None
    if position is not None and setup.travel is not None:
        beyond = max(position - setup.travel, -position)
        holds = beyond > setup.lift.overtravel_m and not look.maintained
    details = {"position": position, "beyond": None if beyond is None else round(beyond, 3)}
    return held_step(state, holds, now, WORDS, 0, SETTLED_S, details)
