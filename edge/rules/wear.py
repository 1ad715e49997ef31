"""PURE. Evidence over time that somebody does not wear an item: what `no_hat` and `no_mask` share.

One look proves nothing: `needed` of the last `looks` within `window_s` start an event, as many looks at the worn item
end it. "Cannot tell" takes its place among the looks but speaks for neither side.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.kinds import Phase, Rule, Wear
from contracts.vision import Detection, Worn
from edge.config import VisionRules
from edge.rules import Decision
from edge.track import Track

EDGE = 2
"""pixels"""
LEFT_AFTER = timedelta(seconds=60)
STIRS = 0.05
"""a head that never moved by this share of its height is a poster, a bust or a reflection, until it moves; noise
of camera and detector moves a still head by 0.01 to 0.025"""


class Look(msgspec.Struct, frozen=True):
    at: datetime
    state: Wear
    not_worn: float
    """probability, 0-1"""


class Ongoing(msgspec.Struct, frozen=True):
    began: datetime
    seen: datetime


class WearState(msgspec.Struct, frozen=True):
    looks: Mapping[int, tuple[Look, ...]] = {}
    """by track"""
    open: Mapping[int, Ongoing] = {}
    said: Mapping[int, datetime] = {}
    """when an event of the track was last started"""


class Item(msgspec.Struct, frozen=True):
    """What a rule looks for."""

    rule: Rule
    name: str
    of: Callable[[Detection], Worn | None]


def step(
    state: WearState, tracks: Sequence[Track], now: datetime, rules: VisionRules, item: Item, advisory: bool
) -> tuple[WearState, list[Decision]]:
    """One look at the tracks that are in the picture now."""
    looks, ongoing, said = dict(state.looks), dict(state.open), dict(state.said)
    decisions: list[Decision] = []
    for track in tracks:
        worn = item.of(track.detection)
        if worn is None or track.detection.box.height < rules.min_head_px:
            continue
        seen = (*looks.get(track.id, ()), Look(now, worn.state, 1.0 - worn.score))[-rules.looks :]
        looks[track.id] = seen
        recent = [look for look in seen if (now - look.at).total_seconds() <= rules.window_s]
        if track.id in ongoing:
            ongoing[track.id] = Ongoing(ongoing[track.id].began, now)
            if _count(recent, Wear.WORN) >= rules.needed:
                decisions.append(_ended(item, track.id, ongoing.pop(track.id), f"{item.name} is worn now"))
        elif len(seen) >= rules.looks and _starts(track, recent, said.get(track.id), now, rules):
            decisions.append(_started(item, track, recent, advisory))
            ongoing[track.id], said[track.id] = Ongoing(decisions[-1].at, now), now
    for key in [key for key, event in ongoing.items() if now - event.seen > LEFT_AFTER]:
        decisions.append(_ended(item, key, ongoing.pop(key), "left the picture"))
    return _forgotten(looks, ongoing, said, now, rules), decisions


def clear_of_edges(head: Detection, width: int, height: int) -> Detection:
    """The same head; cut off at the picture's edge it tells nothing about hat or mask."""
    box = head.box
    if box.x1 > EDGE and box.y1 > EDGE and box.x2 < width - EDGE and box.y2 < height - EDGE:
        return head
    hat, mask = (Worn(Wear.UNKNOWN, worn.score) if worn else None for worn in (head.hat, head.mask))
    return msgspec.structs.replace(head, hat=hat, mask=mask)


def subject(track_id: int) -> str:
    """The name under which an event speaks of a track; no name of a person."""
    return f"head-{track_id}"


def _starts(track: Track, recent: Sequence[Look], said: datetime | None, now: datetime, rules: VisionRules) -> bool:
    # The newest look must speak against it too: its picture becomes the evidence.
    if recent[-1].state is not Wear.NOT_WORN or _count(recent, Wear.NOT_WORN) < rules.needed or track.roam < STIRS:
        return False
    return said is None or (now - said).total_seconds() >= rules.repeat_s


def _count(looks: Sequence[Look], state: Wear) -> int:
    return sum(look.state is state for look in looks)


def _started(item: Item, track: Track, recent: Sequence[Look], advisory: bool) -> Decision:
    against = [look for look in recent if look.state is Wear.NOT_WORN]
    confidence = sum(look.not_worn for look in recent) / len(recent)
    return Decision(
        rule=item.rule,
        phase=Phase.START,
        at=against[0].at,
        reason=f"no {item.name} in {len(against)} of {len(recent)} looks",
        subject=subject(track.id),
        confidence=min(1.0, max(0.0, confidence)),
        details={"advisory": advisory, "looks": len(recent), "against": len(against)},
    )


def _ended(item: Item, track_id: int, event: Ongoing, reason: str) -> Decision:
    return Decision(rule=item.rule, phase=Phase.END, at=event.began, reason=reason, subject=subject(track_id))


def _forgotten(
    looks: dict[int, tuple[Look, ...]],
    ongoing: dict[int, Ongoing],
    said: dict[int, datetime],
    now: datetime,
    rules: VisionRules,
) -> WearState:
    """Without what can no longer matter, so that the state stays small for ever."""
    return WearState(
        {key: seen for key, seen in looks.items() if now - seen[-1].at <= LEFT_AFTER},
        ongoing,
        {key: at for key, at in said.items() if key in ongoing or (now - at).total_seconds() < rules.repeat_s},
    )
