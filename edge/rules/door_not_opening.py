"""PURE. The door does not open: the controller says so, or somebody arrived and is not let out."""

from datetime import datetime

import msgspec

from contracts.kinds import Rule
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

FAILED = "03"
"""code of the national scheme"""
WORDS = Words(rule=Rule.DOOR_NOT_OPENING, subject="door", starts="door does not open", ends="door is open, or it runs")


class ArrivalState(msgspec.Struct, frozen=True):
    held: Held = Held()
    rode: bool = False
    """the door has not been open since the last ride: an empty car that parks is no fault"""


def step(state: ArrivalState, look: Look, now: datetime, setup: Setup) -> tuple[ArrivalState, list[Decision]]:
    """One look at a door."""
    sample, holds = look.sample, None
    rode = look.runs or (state.rode and sample.door_closed is not False)
    told = FAILED in sample.codes
    if sample.door_closed is False or look.runs or look.maintained:
        holds = False
    elif told and sample.door_closed is True:
        holds = True
    elif look.stands and sample.door_closed is True and sample.door_zone is not None:
        # Once said, it stands until the door is open: nobody seen is no door that opens.
        waits = rode and sample.door_zone and look.presence.inside is True
        holds = True if waits else (None if state.held.began else False)
    start_s = 0.0 if told else setup.lift.door_open_s
    details = {"floor": sample.floor, "code": FAILED if told else None}
    held, said = held_step(state.held, holds, now, WORDS, start_s, 0, details)
    return ArrivalState(held, rode), said
