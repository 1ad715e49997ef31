"""PURE. Everyone in a food-handling zone wears a hat, cap or net."""

from datetime import datetime

from contracts.kinds import Rule
from edge.config import VisionRules
from edge.rules import Decision, wear
from edge.rules.scene import Scene

ITEM = wear.Item(Rule.NO_HAT, "hat", lambda head: head.hat)


def step(
    state: wear.WearState, scene: Scene, now: datetime, rules: VisionRules
) -> tuple[wear.WearState, list[Decision]]:
    """One look at the heads in the picture."""
    return wear.step(state, scene, now, rules, ITEM)
