"""PURE. A condition that must hold for a while before it is an event, and be gone for a while before that ends."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from edge.rules import Decision

Details = Mapping[str, str | bool | int | float | None]


class Held(msgspec.Struct, frozen=True):
    since: datetime | None = None
    gone: datetime | None = None
    began: datetime | None = None
    """of the open event"""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How an event of one kind is spoken of."""

    rule: Rule
    starts: str
    ends: str
    subject: str = "car"


def step(
    state: Held, holds: bool | None, now: datetime, words: Words, start_s: float, end_s: float, details: Details
) -> tuple[Held, list[Decision]]:
    """One look at a condition; None (unknown) neither starts nor ends anything, and no time counts across it."""
    if state.began is None:
        since = (state.since or now) if holds else None
        if since is None or (now - since).total_seconds() < start_s:
            return Held(since=since), []
        return Held(began=since), [_said(words, Phase.START, since, words.starts, details)]
    gone = (state.gone or now) if holds is False else None
    if gone is None or (now - gone).total_seconds() < end_s:
        return Held(gone=gone, began=state.began), []
    return Held(), [_said(words, Phase.END, state.began, words.ends, details)]


def _said(words: Words, phase: Phase, at: datetime, reason: str, details: Details) -> Decision:
    return Decision(rule=words.rule, phase=phase, at=at, reason=reason, subject=words.subject, details=details)
