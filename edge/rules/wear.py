"""PURE. Evidence over time that somebody does not wear an item: what `no_hat` and `no_mask` share.

One look proves nothing: `needed` of the last `looks` within `window_s` start an event, as many looks at the worn item
end it. "Cannot tell" takes its place among the looks but speaks for neither side.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.kinds import Phase, Rule, Wear, ZoneKind
from contracts.vision import Box, Detection, Worn
from edge.config import VisionRules
from edge.rules import Decision
from edge.rules.scene import Scene, Zone
from edge.track import Track

NO_FOOD = frozenset({ZoneKind.LIFT_CAR})
"""zones where no food is handled: nobody needs a hat or a mask there"""
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


class Known(msgspec.Struct, frozen=True):
    """What the rule remembers of one track."""

    looks: tuple[Look, ...] = ()
    seen: datetime | None = None
    worn: datetime | None = None
    """when enough looks last said that the item is worn"""
    open: datetime | None = None
    """when the condition of its ongoing event began"""
    said: datetime | None = None
    """when its newest event was started"""


class WearState(msgspec.Struct, frozen=True):
    tracks: Mapping[int, Known] = {}


class Item(msgspec.Struct, frozen=True):
    """What a rule looks for."""

    rule: Rule
    name: str
    of: Callable[[Detection], Worn | None]
    demanded: frozenset[ZoneKind] | None = None
    """where it must be worn; elsewhere it is advice. None: everywhere"""
    hidden_from_behind: bool = False
    """turning away looks like taking it off: who was just seen wearing it starts no event for `turned_away_s`"""


def step(
    state: WearState, scene: Scene, now: datetime, rules: VisionRules, item: Item
) -> tuple[WearState, list[Decision]]:
    """One look at the heads that are in the picture now."""
    known, decisions = dict(state.tracks), list[Decision]()
    for track in scene.heads:
        worn, zone = item.of(track.detection), scene.zone_of(track.detection.box)
        if worn is None or zone is None or zone.kind in NO_FOOD or track.detection.box.height < rules.min_head_px:
            continue
        file = _seen(known.get(track.id, Known()), worn, now, rules)
        recent = _recent(file, now, rules)
        if file.open is not None and _count(recent, Wear.WORN) >= rules.needed:
            decisions.append(_ended(item, track.id, file.open, f"{item.name} is worn now"))
            file = msgspec.structs.replace(file, open=None)
        elif _starts(file, recent, track, now, rules, item):
            decisions.append(_started(item, track, recent, zone))
            file = msgspec.structs.replace(file, open=decisions[-1].at, said=now)
        known[track.id] = file
    for key, file in known.items():
        if file.open is not None and _gone(file, now):
            decisions.append(_ended(item, key, file.open, "left the picture"))
            known[key] = msgspec.structs.replace(file, open=None)
    # Without what can no longer matter, so that the state stays small for ever.
    return WearState({key: file for key, file in known.items() if not _forgettable(file, now, rules)}), decisions


def _seen(file: Known, worn: Worn, now: datetime, rules: VisionRules) -> Known:
    looks = (*file.looks, Look(now, worn.state, 1.0 - worn.score))[-rules.looks :]
    file = msgspec.structs.replace(file, looks=looks, seen=now)
    sure = _count(_recent(file, now, rules), Wear.WORN) >= rules.needed
    return msgspec.structs.replace(file, worn=now) if sure else file


def _recent(file: Known, now: datetime, rules: VisionRules) -> list[Look]:
    return [look for look in file.looks if (now - look.at).total_seconds() <= rules.window_s]


def _gone(file: Known, now: datetime) -> bool:
    return file.seen is None or now - file.seen > LEFT_AFTER


def _forgettable(file: Known, now: datetime, rules: VisionRules) -> bool:
    quiet = file.said is None or (now - file.said).total_seconds() >= rules.repeat_s
    return file.open is None and quiet and _gone(file, now)


def clear_of_edges(head: Detection, width: int, height: int) -> Detection:
    """The same head; cut off at the picture's edge it tells nothing about hat or mask."""
    box = head.box
    if box.x1 > EDGE and box.y1 > EDGE and box.x2 < width - EDGE and box.y2 < height - EDGE:
        return head
    hat, mask = (Worn(Wear.UNKNOWN, worn.score) if worn else None for worn in (head.hat, head.mask))
    return msgspec.structs.replace(head, hat=hat, mask=mask)


def above_a_waist(head: Detection, people: Sequence[Box]) -> bool:
    """False for a "head" that lies in the lower half of everybody around it: a knee, a bag, a pot. True when alone."""
    x, y = (head.box.x1 + head.box.x2) / 2, (head.box.y1 + head.box.y2) / 2
    # A person's box often ends at the knees; what is just below it still belongs to that person.
    around = [box for box in people if box.x1 <= x <= box.x2 and box.y1 <= y <= box.y2 + box.height / 4]
    return not around or any(y <= (box.y1 + box.y2) / 2 for box in around)


def subject(track_id: int) -> str:
    """The name under which an event speaks of a track; no name of a person."""
    return f"head-{track_id}"


def _starts(file: Known, recent: Sequence[Look], track: Track, now: datetime, rules: VisionRules, item: Item) -> bool:
    if file.open is not None or len(file.looks) < rules.looks or track.roam < STIRS:
        return False
    # The newest look must speak against it too: its picture becomes the evidence.
    if recent[-1].state is not Wear.NOT_WORN or _count(recent, Wear.NOT_WORN) < rules.needed:
        return False
    if item.hidden_from_behind and file.worn and (now - file.worn).total_seconds() < rules.turned_away_s:
        return False
    return file.said is None or (now - file.said).total_seconds() >= rules.repeat_s


def _count(looks: Sequence[Look], state: Wear) -> int:
    return sum(look.state is state for look in looks)


def _started(item: Item, track: Track, recent: Sequence[Look], zone: Zone) -> Decision:
    against = [look for look in recent if look.state is Wear.NOT_WORN]
    confidence = sum(look.not_worn for look in recent) / len(recent)
    advisory = item.demanded is not None and zone.kind not in item.demanded
    return Decision(
        rule=item.rule,
        phase=Phase.START,
        at=against[0].at,
        reason=f"no {item.name} in {len(against)} of {len(recent)} looks",
        subject=subject(track.id),
        zone=zone.name,
        box=track.detection.box,
        confidence=min(1.0, max(0.0, confidence)),
        details={"advisory": advisory, "looks": len(recent), "against": len(against)},
    )


def _ended(item: Item, track_id: int, began: datetime, reason: str) -> Decision:
    return Decision(rule=item.rule, phase=Phase.END, at=began, reason=reason, subject=subject(track_id))
