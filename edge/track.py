"""PURE. Follows heads from look to look at a few looks a second."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import hypot

import msgspec

from contracts.vision import Box, Detection, iou

KEPT_S = 15.0
"""a head that is hidden for so long is still the same head when it comes back nearby"""
REACH, REACH_PER_S, LONGEST_REACH = 0.9, 0.5, 2.5
LARGEST_RATIO = 1.9
NESTED = 0.7


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One head over time. Lengths are in pixels, `roam` in heights of the head."""

    id: int
    detection: Detection
    born: datetime
    seen: datetime
    looks: int = 1
    home: tuple[float, float]
    """where its centre was first seen"""
    roam: float = 0.0
    """the farthest that its centre has been from home"""
    speed: tuple[float, float] = (0.0, 0.0)
    """pixels a second, smoothed"""


class TrackState(msgspec.Struct, frozen=True):
    tracks: Mapping[int, Track] = {}
    next_id: int = 1


def step(state: TrackState, detections: Sequence[Detection], now: datetime) -> tuple[TrackState, list[Track]]:
    """The new state, and the tracks that this look has seen, in the order of the detections."""
    known = {key: track for key, track in state.tracks.items() if (now - track.seen).total_seconds() <= KEPT_S}
    pairs = _pairs(list(known.values()), detections, now)
    next_id, current = state.next_id, []
    for index, detection in enumerate(detections):
        old = known.get(pairs[index]) if index in pairs else None
        if old is None:
            track = Track(id=next_id, detection=detection, born=now, seen=now, home=centre(detection.box))
            next_id += 1
        else:
            track = _moved(old, detection, now)
        current.append(track)
    return TrackState({**known, **{track.id: track for track in current}}, next_id), current


def distinct(heads: Sequence[Detection]) -> list[Detection]:
    """Without boxes that lie mostly inside another, surer one: the same head twice, or one that is nearly hidden."""
    kept: list[Detection] = []
    for head in sorted(heads, key=lambda found: -found.score):
        if all(_inside(head.box, other.box) < NESTED for other in kept):
            kept.append(head)
    return kept


def _inside(box: Box, other: Box) -> float:
    """The share of the smaller box that lies in the other one."""
    width = min(box.x2, other.x2) - max(box.x1, other.x1)
    height = min(box.y2, other.y2) - max(box.y1, other.y1)
    return max(0.0, width) * max(0.0, height) / max(1e-6, min(box.area, other.area))


def centre(box: Box) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2


def _moved(old: Track, detection: Detection, now: datetime) -> Track:
    x, y = centre(detection.box)
    was_x, was_y = centre(old.detection.box)
    seconds = max(0.05, (now - old.seen).total_seconds())
    speed = (0.5 * old.speed[0] + 0.5 * (x - was_x) / seconds, 0.5 * old.speed[1] + 0.5 * (y - was_y) / seconds)
    far = hypot(x - old.home[0], y - old.home[1]) / max(1.0, detection.box.height)
    return msgspec.structs.replace(
        old, detection=detection, seen=now, looks=old.looks + 1, speed=speed, roam=max(old.roam, far)
    )


def _pairs(tracks: Sequence[Track], detections: Sequence[Detection], now: datetime) -> dict[int, int]:
    """Detection index -> track id: the cheapest pair first, each used once."""
    costs = sorted(
        (cost, index, track.id)
        for index, detection in enumerate(detections)
        for track in tracks
        if (cost := _cost(track, detection, now)) is not None
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, index, key in costs:
        if index not in pairs and key not in taken:
            pairs[index] = key
            taken.add(key)
    return pairs


def _cost(track: Track, detection: Detection, now: datetime) -> float | None:
    """Lower is likelier; None where the head cannot be the same."""
    old, new = track.detection.box, detection.box
    ratio = max(old.height, 1.0) / max(new.height, 1.0)
    if not 1 / LARGEST_RATIO < ratio < LARGEST_RATIO:
        return None
    seconds = (now - track.seen).total_seconds()
    # Only the near future is like the past: a cook who was hidden may have stopped.
    ahead = min(seconds, 1.0)
    x, y = centre(old)
    new_x, new_y = centre(new)
    far = min(
        hypot(new_x - x - track.speed[0] * ahead, new_y - y - track.speed[1] * ahead), hypot(new_x - x, new_y - y)
    ) / max(old.height, new.height, 1.0)
    if far > min(LONGEST_REACH, REACH + REACH_PER_S * seconds):
        return None
    # A track that was there a moment ago is likelier than one that has been gone for long.
    return far - iou(old, new) + 0.1 * seconds
