"""PURE: what is said of a trouble, and when: on change, while it lasts, when it is over. Flapping is one trouble."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct

from alerting.audit.facts import Kind, Trouble
from runtime.audit_settings import AuditSettings

DAY_S = 86_400.0
LONGEST_OVER_S = 1800.0
MEMORY = timedelta(hours=1)
"""a trouble that comes back within this has not been cured"""
WORSE_AT_MOST_EVERY_S = 60.0

Key = tuple[str, str]


class What(StrEnum):
    """Why something is said."""

    NEW = "new"
    WORSE = "worse"
    AGAIN = "again"
    OVER = "over"


class Alarm(Struct, frozen=True, kw_only=True):
    """A trouble that has been told of, or is about to be. `said_at`: when it was last given to the voice."""

    trouble: Trouble
    opened_at: datetime
    seen_at: datetime
    times: int = 1
    said_at: datetime | None = None
    said_weight: int = 0
    said_grave: bool = False


class News(Struct, frozen=True):
    """One thing to say."""

    what: What
    alarm: Alarm


class State(Struct, frozen=True):
    """What the auditor remembers from one look to the next, by key."""

    seen: Mapping[Key, datetime] = {}
    """not yet held long enough: seen since"""
    open: Mapping[Key, Alarm] = {}
    ended: Mapping[Key, tuple[datetime, int]] = {}
    """when it ended, and how often it had come by then"""


def step(
    state: State, troubles: Sequence[Trouble], unknown: Collection[Kind], limits: AuditSettings, now: datetime
) -> tuple[State, list[News]]:
    """One look more. What cannot be judged now (`unknown`) neither begins nor ends."""
    there = {trouble.key: trouble for trouble in troubles}
    blind = {kind.value for kind in unknown}
    seen, opened = _begin(state, there, now)
    kept: dict[Key, Alarm] = {}
    ended = {key: end for key, end in state.ended.items() if now - end[0] <= MEMORY}
    news: list[News] = []
    for key, alarm in {**state.open, **opened}.items():
        current = _renewed(alarm, there.get(key), key[0] in blind, now)
        if now - current.seen_at >= timedelta(seconds=over_s(current.times, limits)) and key not in there:
            ended[key] = (now, current.times)
            news.append(News(What.OVER, current))
            continue
        what = due(current, limits, now)
        if what is not None:
            trouble = current.trouble
            current = msgspec.structs.replace(
                current, said_at=now, said_weight=trouble.weight, said_grave=trouble.grave
            )
            news.append(News(what, current))
        kept[key] = current
    return State(seen, kept, ended), news


def over_s(times: int, limits: AuditSettings) -> float:
    """How long (s) a trouble must not be seen to be over."""
    return float(min(limits.over_s * 2 ** min(times - 1, 30), max(LONGEST_OVER_S, limits.over_s)))


def due(alarm: Alarm, limits: AuditSettings, now: datetime) -> What | None:
    """Why something must be said of it now, if anything."""
    if alarm.said_at is None:
        return What.NEW
    silent_s, trouble = (now - alarm.said_at).total_seconds(), alarm.trouble
    doubled = trouble.weight >= max(2 * alarm.said_weight, alarm.said_weight + 3)
    if silent_s >= WORSE_AT_MOST_EVERY_S and (doubled or (trouble.grave and not alarm.said_grave)):
        return What.WORSE
    if silent_s >= (limits.again_s if trouble.grave else max(DAY_S, limits.again_s)):
        return What.AGAIN
    return None


def _begin(state: State, there: Mapping[Key, Trouble], now: datetime) -> tuple[dict[Key, datetime], dict[Key, Alarm]]:
    """What is seen but not long enough, and what has been by now."""
    seen: dict[Key, datetime] = {}
    opened: dict[Key, Alarm] = {}
    for key, trouble in there.items():
        if key in state.open:
            continue
        first = state.seen.get(key, now)
        if now - first < timedelta(seconds=trouble.hold_s):
            seen[key] = first
            continue
        end, times = state.ended.get(key, (None, 0))
        again = end is not None and now - end <= MEMORY
        since = min(trouble.since, first) if trouble.hold_s else trouble.since
        opened[key] = Alarm(
            trouble=msgspec.structs.replace(trouble, since=since),
            opened_at=now,
            seen_at=now,
            times=times + 1 if again else 1,
        )
    return seen, opened


def _renewed(alarm: Alarm, trouble: Trouble | None, blind: bool, now: datetime) -> Alarm:
    if trouble is not None:
        since = min(trouble.since, alarm.trouble.since)
        return msgspec.structs.replace(alarm, seen_at=now, trouble=msgspec.structs.replace(trouble, since=since))
    return msgspec.structs.replace(alarm, seen_at=now) if blind else alarm
