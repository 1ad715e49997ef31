"""PURE. Everyone in a food-handling zone wears a hat, cap or net."""

from collections.abc import Sequence
from datetime import datetime

from contracts.kinds import Rule, ZoneKind
from edge.config import VisionRules
from edge.rules import Decision, wear
from edge.track import Track

ITEM = wear.Item(Rule.NO_HAT, "hat", lambda head: head.hat)
ELSEWHERE = frozenset({ZoneKind.LIFT_CAR})
"""zones where no food is handled"""


def step(
    state: wear.WearState, tracks: Sequence[Track], now: datetime, zone: ZoneKind, rules: VisionRules
) -> tuple[wear.WearState, list[Decision]]:
    """One look at the heads in the picture."""
    if zone in ELSEWHERE:
        return state, []
    return wear.step(state, tracks, now, rules, ITEM, advisory=False)
