"""PURE: which due letters go out now. Rate limits of gateways hold back reminders and findings, never a first page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from msgspec import Struct

WINDOW = timedelta(seconds=60)
LOW_SHARE = 0.5
"""of a gateway's limit is for what can wait; the rest is kept for what cannot"""
REPEATS = {"call_again", "tier_informed", "stand_down", "merged", "follow_up_reminder", "record_reminder"}
LOW = ("finding", "fault", "digest", "roster", "coverage")


class Weight(IntEnum):
    """How much hangs on a letter."""

    FIRST = 1
    """somebody is told for the first time that people need help"""
    REPEAT = 2
    LOW = 3


def weight(stage: str) -> Weight:
    """The weight of a stage; one that is not known here is a first page."""
    if stage in REPEATS:
        return Weight.REPEAT
    return Weight.LOW if stage.startswith(LOW) else Weight.FIRST


class Due(Struct, frozen=True, kw_only=True):
    """A letter that is due."""

    id: int
    channel: str
    gateway: str
    weight: Weight
    give_up_at: datetime
    unsure: bool = False
    """it may have arrived already"""

    @property
    def urgency(self) -> Weight:
        return max(self.weight, Weight.REPEAT) if self.unsure else self.weight


class Room(Struct, frozen=True):
    """How many letters can start now; `others`: at most so many that are no first pages."""

    free: int
    others: int
    per_gateway: int
    under_way: Mapping[str, int] = {}
    """by gateway"""

    @property
    def full(self) -> list[str]:
        """Gateways that take no more now."""
        return [gateway for gateway, number in self.under_way.items() if number >= self.per_gateway]


class Choice(Struct, frozen=True):
    """Letters to send, and letters to look at again, by id. The rest stays due."""

    send: tuple[int, ...]
    hold: Mapping[int, datetime]


def choose(
    due: Sequence[Due],
    recent: Mapping[str, Sequence[datetime]],
    per_minute: Mapping[str, int],
    room: Room,
    now: datetime,
) -> Choice:
    """Picks by urgency, then in the order given.

    `recent`: when each gateway was last used, within WINDOW, oldest first. `per_minute`: the limit of a channel's
    gateways, 0 or none: unlimited. A held letter waits WINDOW at most, and never beyond its clock.
    """
    send, hold = list[int](), dict[int, datetime]()
    used = {gateway: list(times) for gateway, times in recent.items()}
    under_way = dict(room.under_way)
    others = room.others
    for one in sorted(due, key=lambda letter: letter.urgency):
        if len(send) >= room.free:
            break
        first = one.urgency is Weight.FIRST
        if under_way.get(one.gateway, 0) >= room.per_gateway or (not first and others <= 0):
            continue
        times = used.setdefault(one.gateway, [])
        until = None if first else _held(one, times, per_minute.get(one.channel, 0), now)
        if until is not None and now < until < one.give_up_at:
            hold[one.id] = until
            continue
        send.append(one.id)
        times.append(now)
        under_way[one.gateway] = under_way.get(one.gateway, 0) + 1
        others -= not first
    return Choice(tuple(send), hold)


def _held(one: Due, times: Sequence[datetime], limit: int, now: datetime) -> datetime | None:
    """Until when its gateway has no room for it."""
    share = max(1, int(limit * LOW_SHARE)) if one.urgency is Weight.LOW else limit
    if not limit or len(times) < share:
        return None
    return min(times[len(times) - share], now) + WINDOW
