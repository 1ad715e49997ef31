"""PURE. The car moves although nobody told it to: with an open door, or while the controller says that it stands."""

from datetime import datetime

import msgspec

from contracts.kinds import Rule
from contracts.messages import LiftSample
from edge.rules import Decision
from edge.rules.held import Held, Words
from edge.rules.held import step as held_step
from edge.rules.look import Look, Setup

TOLD = "05"
"""code of the national scheme"""
OPENING_SPEED = 0.8
"""m/s; slower than this a door may open on arrival, inside the door zone"""
SETTLED_S = 5.0
WORDS = Words(rule=Rule.UNINTENDED_MOVEMENT, starts="moves although it should stand", ends="stands in the door zone")


class MovementState(msgspec.Struct, frozen=True):
    held: Held = Held()
    anchor: float | None = None
    """where the car came to rest"""
    opened_level: bool = False
    """the door was opened in the zone at this stop: with an open door outside of it the car has moved"""


def step(state: MovementState, look: Look, now: datetime, setup: Setup) -> tuple[MovementState, list[Decision]]:
    """One look at a car. Whoever maintains the lift moves it on purpose."""
    sample = look.sample
    anchor = _anchor(state, look)
    opened = sample.door_closed is False and (state.opened_level or sample.door_zone is True)
    why = None if look.maintained else _why(anchor, opened, look, setup)
    holds = True if why else (False if sample.door_zone is True or look.maintained or look.runs else None)
    details = {"floor": sample.floor, "position": sample.position, "speed": sample.speed, "cause": why}
    held, said = held_step(state.held, holds, now, WORDS, 0, SETTLED_S, details)
    return MovementState(held, anchor, opened), said


def _anchor(state: MovementState, look: Look) -> float | None:
    """None while running, without mains, or with a fault code: then a crew may wind the car by hand."""
    if not look.stands or look.sample.codes or look.sample.position is None:
        return None
    return look.sample.position if state.anchor is None else state.anchor


def _why(anchor: float | None, opened: bool, look: Look, setup: Setup) -> str | None:
    sample: LiftSample = look.sample
    if TOLD in sample.codes:
        return "controller"
    if sample.door_closed is False and sample.door_zone is False and (look.runs or opened):
        return "door open outside the zone"
    if sample.door_closed is False and look.runs and abs(sample.speed or 0.0) > OPENING_SPEED:
        return "door open at speed"
    if anchor is not None and sample.position is not None and abs(sample.position - anchor) > setup.lift.movement_m:
        return "moved while standing"
    return None
