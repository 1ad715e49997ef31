"""PURE. All rules of one lift, in the order in which they speak; a new one is a line in `REGISTRY`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from contracts.kinds import Rule
from contracts.messages import LiftSample
from edge.rules import (
    Decision,
    alarm,
    alarm_path,
    door_not_closing,
    door_not_opening,
    door_reopening,
    mains,
    overspeed,
    overtravel,
    ride_quality,
    shield,
    stopped_outside,
    trapped,
    unintended_movement,
    unknown,
)
from edge.rules.held import Held
from edge.rules.look import Look, Setup
from edge.rules.presence import fuse

State = Mapping[str, Any]
"""by the rule's name; each rule knows its own"""
Stepped = tuple[Any, list[Decision]]


class LiftRule(NamedTuple):
    """A rule: what it remembers at first, its step, and its memory of an event that was open before a restart."""

    rules: tuple[Rule, ...]
    first: Any
    step: Callable[[Any, Look, datetime, Setup], Stepped]
    resumed: Callable[[Rule, datetime], Any]


def _held(rule: Rule, step: Callable[[Held, Look, datetime, Setup], Stepped]) -> LiftRule:
    return LiftRule((rule,), Held(), step, lambda _, at: Held(began=at))


REGISTRY: Mapping[str, LiftRule] = {
    "alarm": LiftRule(
        (Rule.ALARM_BUTTON,),
        alarm.AlarmState(),
        lambda state, look, now, _: alarm.step(state, look.sample, now),
        lambda _, at: alarm.AlarmState(at),
    ),
    "trapped": LiftRule(
        (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL),
        trapped.TrappedState(),
        lambda state, look, now, setup: trapped.step(
            state, look.sample, now, setup.trapped, look.presence, look.shielded, look.age_s <= 0
        ),
        lambda rule, at: trapped.TrappedState(open_rule=rule, opened_at=at),
    ),
    "unintended_movement": LiftRule(
        (Rule.UNINTENDED_MOVEMENT,),
        unintended_movement.MovementState(),
        unintended_movement.step,
        lambda _, at: unintended_movement.MovementState(Held(began=at)),
    ),
    "overspeed": _held(Rule.OVERSPEED, overspeed.step),
    "overtravel": _held(Rule.OVERTRAVEL, overtravel.step),
    "stopped_outside": _held(Rule.STOPPED_OUTSIDE_ZONE, stopped_outside.step),
    "door_not_opening": LiftRule(
        (Rule.DOOR_NOT_OPENING,),
        door_not_opening.ArrivalState(),
        door_not_opening.step,
        lambda _, at: door_not_opening.ArrivalState(Held(began=at)),
    ),
    "door_not_closing": _held(Rule.DOOR_NOT_CLOSING, door_not_closing.step),
    "door_reopening": LiftRule(
        (Rule.DOOR_REOPENING,),
        door_reopening.ReopeningState(),
        door_reopening.step,
        lambda _, at: door_reopening.ReopeningState(began=at),
    ),
    "mains": _held(Rule.MAINS_LOST, mains.step),
    "ride_quality": LiftRule(
        (Rule.RIDE_QUALITY,),
        ride_quality.RideState(),
        lambda state, look, now, setup: ride_quality.step(state, look.ride_score, now, setup.lift),
        lambda _, at: ride_quality.RideState(began=at),
    ),
    "unknown": _held(Rule.LIFT_UNKNOWN, unknown.step),
    "alarm_path": _held(Rule.ALARM_PATH_UNTESTED, alarm_path.step),
}
SHIELD = "shield"


def first() -> State:
    return {SHIELD: shield.ShieldState(), **{name: rule.first for name, rule in REGISTRY.items()}}


def step(state: State, look: Look, now: datetime, setup: Setup) -> tuple[State, list[Decision]]:
    """One look at a lift by all rules. A stale reading counts as none; a shielded sensor says nothing."""
    if unknown.stale(look, setup):
        look = msgspec.structs.replace(look, sample=LiftSample())
    guarded, said = shield.step(state[SHIELD], look, now, setup)
    hidden = guarded.shielded
    sample = msgspec.structs.replace(look.sample, **dict.fromkeys(hidden)) if hidden else look.sample
    presence = fuse(sample.passenger, sample.load, look.people)
    look = msgspec.structs.replace(look, sample=sample, presence=presence, shielded=hidden)
    after: dict[str, Any] = {SHIELD: guarded}
    for name, rule in REGISTRY.items():
        after[name], decided = rule.step(state[name], look, now, setup)
        said += decided
    return after, said


def resume(opened: Iterable[tuple[Rule, str, datetime]]) -> State:
    """The memory after a restart: events that were open (rule, subject, when they began) are open still."""
    state = dict(first())
    files: dict[str, shield.SensorFile] = {}
    for rule, subject, at in opened:
        if rule is Rule.SENSOR_SHIELDED:
            files[subject] = shield.SensorFile(spoke=True, shielded=at)
        for name, known in REGISTRY.items():
            if rule in known.rules:
                state[name] = known.resumed(rule, at)
    return {**state, SHIELD: shield.ShieldState(files)}


def with_rides(state: State, known: ride_quality.RideState) -> State:
    """The memory with what was learnt of the rides before; whether a hint is open stays as it is."""
    return {**state, "ride_quality": msgspec.structs.replace(known, began=state["ride_quality"].began)}


def rides_of(state: State) -> ride_quality.RideState:
    held = state["ride_quality"]
    assert isinstance(held, ride_quality.RideState)
    return held


def mains_lost_since(state: State) -> datetime | None:
    """When the open loss of the mains began."""
    held = state["mains"]
    assert isinstance(held, Held)
    return held.began
