"""PURE. The mains is lost. What is on emergency power has lost it too."""

from datetime import datetime

from contracts.kinds import Power, Rule, ServiceMode
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

LOST = "41"
"""code of the national scheme"""
WORDS = Words(rule=Rule.MAINS_LOST, subject="mains", starts="mains lost", ends="mains is back")


def lost(look: Look) -> bool | None:
    """None: cannot tell."""
    sample = look.sample
    if sample.power is Power.FAILED or LOST in sample.codes or sample.mode is ServiceMode.EMERGENCY_POWER:
        return True
    return False if sample.power is Power.MAINS else None


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """One look at the supply."""
    details = {"floor": look.sample.floor, "door_zone": look.sample.door_zone, "person": look.presence.inside}
    return held_step(state, lost(look), now, WORDS, setup.lift.mains_lost_s, setup.lift.mains_back_s, details)
