"""PURE: from when on silence may be held against a device. While ingest itself was deaf, everybody seems silent."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

JUMP_S = 2.0
"""apart so far between two looks, one of the clocks was set (or this machine slept)"""
PATIENCE_S = 5.0
"""a lane that has not caught up with the broker for so long is behind"""


class Ear(NamedTuple):
    """How a lane hears: which connection (counted; None: none), and when (monotonic) it last had nothing waiting."""

    connection: int | None
    caught_up_at: float


class Hearing(NamedTuple):
    """What the last look found. `since` is database time: only silence after it counts."""

    since: datetime
    now: datetime
    monotonic: float
    connections: tuple[int | None, ...]
    reason: str
    """why it was moved last"""


def look(before: Hearing | None, ears: Sequence[Ear], monotonic: float, now: datetime) -> Hearing:
    """The hearing at `now` (database time) and `monotonic` (s, of this process)."""
    connections = tuple(ear.connection for ear in ears)
    reason = _deaf(before, ears, connections, monotonic, now)
    since = now if before is None or reason else before.since
    kept = reason or (before.reason if before else "")
    return Hearing(since, now, monotonic, connections, kept)


def _deaf(
    before: Hearing | None,
    ears: Sequence[Ear],
    connections: tuple[int | None, ...],
    monotonic: float,
    now: datetime,
) -> str:
    """Why nothing that was missed up to now can be held against anybody; empty: all was heard."""
    if before is None:
        return "ingest has begun to listen"
    if None in connections:
        return "the broker is away"
    if connections != before.connections:
        return "the broker was away"
    if any(monotonic - ear.caught_up_at > PATIENCE_S for ear in ears):
        return "ingest is behind the broker"
    apart = (now - before.now).total_seconds() - (monotonic - before.monotonic)
    if abs(apart) > JUMP_S:
        return f"the database clock moved by {apart:+.0f} s"
    return ""
