"""PURE rules: `step(state, what was seen, now) -> (state, decisions)`. No clock, no files, no network."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from contracts.vision import Box


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's word: an event begins, goes on, or ends. `reason` is for people and for tests."""

    rule: Rule
    phase: Phase
    at: datetime
    reason: str
    subject: str = "car"
    zone: str = ""
    box: Box | None = None
    """whom or what it is about, in pixels of the picture"""
    confidence: float = 1.0
    details: Mapping[str, str | bool | int | float | None] = {}
