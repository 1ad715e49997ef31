"""PURE: holes as they are kept: found, told in good time, and filled or over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.roster import Hole

JUST_TOLD = timedelta(hours=12)


class Kept(Struct, frozen=True, kw_only=True):
    """A hole in its row; those that are neither filled nor over."""

    id: int
    begin: datetime
    end: datetime
    told: bool = False


class Changes(Struct, frozen=True):
    """What a look makes of the kept holes of an organisation."""

    new: tuple[tuple[Hole, bool], ...] = ()
    """holes to be kept, and whether people know of them already: a piece of one that was told"""
    moved: tuple[Kept, ...] = ()
    """the same rows with other ends"""
    filled: tuple[int, ...] = ()


def reconcile(kept: Sequence[Kept], found: Sequence[Hole], now: datetime) -> Changes:
    """What was found now against what was kept: a hole that overlaps a kept one is the same one.

    `found` begins at or before `now`, so that a hole under way does not look filled.
    """
    new, moved = list[tuple[Hole, bool]](), list[Kept]()
    taken = set[int]()
    for hole in sorted(found):
        same = [row for row in kept if row.begin < hole.end and row.end > hole.begin]
        row = next((row for row in same if row.id not in taken), None)
        if row is None:
            new.append((hole, any(one.told for one in same)))
            continue
        taken.add(row.id)
        begin = min(row.begin, hole.begin) if row.begin <= now else hole.begin
        if (begin, hole.end) != (row.begin, row.end):
            moved.append(Kept(id=row.id, begin=begin, end=hole.end, told=row.told))
    filled = tuple(row.id for row in kept if row.id not in taken and row.end > now)
    return Changes(tuple(new), tuple(moved), filled)


def looks(now: datetime, hour: int, zone: str) -> tuple[datetime, datetime]:
    """The last daily look at or before `now`, and the next one."""
    local = now.astimezone(ZoneInfo(zone))
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    last = today if today <= local else today - timedelta(days=1)
    return last, last + timedelta(days=1)


def to_tell(begin: datetime, told: datetime | None, daily: bool, next_look: datetime, now: datetime) -> bool:
    """Holes are told at the daily look, again and again while they stand; one that begins before the next look, at
    once: later is too late."""
    if told is None:
        return daily or begin < next_look
    return daily and now - told > JUST_TOLD
