"""PURE. What the rules of a camera see: the tracks of one look, and the zones in which they are."""

from collections.abc import Sequence
from datetime import time
from zoneinfo import ZoneInfo

import msgspec

from contracts.geometry import Point, inside
from contracts.kinds import ZoneKind
from contracts.vision import Box
from edge.track import Track


class Hours(msgspec.Struct, frozen=True):
    """From `start` until before `end`, local time; over midnight when the end is the smaller one."""

    start: time
    end: time

    def hold(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the picture. Corners are shares (0-1) of width and height; without corners it is all of it."""

    name: str = ""
    kind: ZoneKind = ZoneKind.COOKING
    corners: tuple[Point, ...] = ()
    hours: tuple[Hours, ...] = ()
    """when somebody may be there; always if none"""
    most_people: int | None = None

    def holds(self, box: Box, width: int, height: int) -> bool:
        """Whether the middle of a box lies in it."""
        return inside(((box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height), self.corners)


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a picture of `width` x `height` pixels."""

    heads: Sequence[Track] = ()
    people: Sequence[Track] = ()
    width: int
    height: int
    zones: tuple[Zone, ...] = (Zone(),)
    """the first that holds something is its zone"""
    clock: ZoneInfo = ZoneInfo("UTC")
    """of the place, for schedules"""

    def zone_of(self, box: Box) -> Zone | None:
        """Where something is; None outside all zones, where no rule looks."""
        return next((zone for zone in self.zones if zone.holds(box, self.width, self.height)), None)
