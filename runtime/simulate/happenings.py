"""PURE: what happens to people: who gets stuck and how long it takes, and what is seen in a kitchen."""

from random import Random
from typing import NamedTuple

from contracts.kinds import Rule
from runtime.simulate import rates

NON_LEVEL_S, LEVEL_S = 30.0, 90.0
"""how long an edge looks before it says that somebody is trapped"""
SEEN_FOR_S = (60.0, 300.0)
BLIND_FOR_S = (300.0, 3600.0)
AUTOMATIC_SHARE = 0.7
"""of findings that are certain enough to go out without a person's look; invented"""


class Rescue(NamedTuple):
    """How one entrapment goes, in seconds since 1970 and as it will be recorded."""

    began: float
    told: float
    arrival: float
    freed: float
    people: int
    button: bool
    cause: str
    method: str

    @property
    def halfway(self) -> float:
        """When the event is told once more."""
        return (self.told + self.freed) / 2


def rescue(random: Random, now: float, non_level: bool, hurry: float) -> Rescue:
    """Draws a rescue that begins now. `hurry` is how much shorter than in life everything lasts."""
    told = now + (NON_LEVEL_S if non_level else LEVEL_S) / hurry
    # Arrival counts from the alarm; nobody comes before it was told.
    arrival = max(told, now + rates.arrival_s(random) / hurry)
    return Rescue(
        began=now,
        told=told,
        arrival=arrival,
        freed=arrival + rates.release_s(random) / hurry,
        people=rates.people(random),
        button=random.random() < rates.BUTTON_SHARE,
        cause=rates.cause(random),
        method=rates.method(random),
    )


class Sight(NamedTuple):
    """One finding in a kitchen."""

    rule: Rule
    began: float
    ended: float
    confidence: float


def sight(random: Random, now: float, hurry: float) -> Sight:
    """Draws what a kitchen's camera or sensor reports now."""
    rule = rates.finding(random)
    seconds = random.uniform(*(BLIND_FOR_S if rule is Rule.CAMERA_BLIND else SEEN_FOR_S)) / hurry
    measured = rule in (Rule.CAMERA_BLIND, Rule.CLIMATE)
    certain = random.random() < AUTOMATIC_SHARE
    confidence = 1.0 if measured else round(random.uniform(0.9, 0.99) if certain else random.uniform(0.6, 0.89), 2)
    return Sight(rule, now, now + seconds, confidence)
