"""PURE. A mask is demanded where ready food lies open; in other food-handling zones it is advice."""

from datetime import datetime

from contracts.kinds import Rule, ZoneKind
from edge.config import VisionRules
from edge.rules import Decision, wear
from edge.rules.scene import Scene

DEMANDED = frozenset({ZoneKind.SPECIAL_ROOM, ZoneKind.SPECIAL_AREA, ZoneKind.PORTIONING})
ITEM = wear.Item(Rule.NO_MASK, "mask", lambda head: head.mask, DEMANDED, hidden_from_behind=True)


def step(
    state: wear.WearState, scene: Scene, now: datetime, rules: VisionRules
) -> tuple[wear.WearState, list[Decision]]:
    """One look at the heads in the picture."""
    return wear.step(state, scene, now, rules, ITEM)
