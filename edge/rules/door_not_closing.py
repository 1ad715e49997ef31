"""PURE. The door does not close: the controller says so, or it stands open far too long."""

from datetime import datetime

from contracts.kinds import Rule, ServiceMode
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

FAILED = "02"
"""code of the national scheme"""
WORDS = Words(rule=Rule.DOOR_NOT_CLOSING, subject="door", starts="door does not close", ends="door is closed")


def step(state: Held, look: Look, now: datetime, setup: Setup) -> tuple[Held, list[Decision]]:
    """Only in normal service: elsewhere an open door may be meant."""
    sample, holds = look.sample, None
    told = FAILED in sample.codes
    if sample.door_closed is True or look.maintained:
        holds = False
    elif told or (sample.door_closed is False and sample.mode is ServiceMode.NORMAL):
        holds = True
    start_s = 0.0 if told else setup.lift.door_close_s
    return held_step(state, holds, now, WORDS, start_s, 0, {"floor": sample.floor, "code": FAILED if told else None})
