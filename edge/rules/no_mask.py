"""PURE. A mask is demanded where ready food lies open; in other food-handling zones it is advice."""

from collections.abc import Sequence
from datetime import datetime

from contracts.kinds import Rule, ZoneKind
from edge.config import VisionRules
from edge.rules import Decision, no_hat, wear
from edge.track import Track

ITEM = wear.Item(Rule.NO_MASK, "mask", lambda head: head.mask, hidden_from_behind=True)
DEMANDED = frozenset({ZoneKind.SPECIAL_ROOM, ZoneKind.SPECIAL_AREA, ZoneKind.PORTIONING})


def step(
    state: wear.WearState, tracks: Sequence[Track], now: datetime, zone: ZoneKind, rules: VisionRules
) -> tuple[wear.WearState, list[Decision]]:
    """One look at the heads in the picture."""
    if zone in no_hat.ELSEWHERE:
        return state, []
    return wear.step(state, tracks, now, rules, ITEM, advisory=zone not in DEMANDED)
