"""PURE: the clocks of one rescue: kept, missed, still running, or nobody's to keep."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

ANSWER = timedelta(minutes=3)
"""the published promise (docs/figures.md)"""


class Clock(NamedTuple):
    """One promise. `took` and `limit` in seconds; `took` None: it has not come."""

    name: str
    state: str
    """kept, missed, running or void"""
    limit: float
    took: float | None
    due: datetime | None


def clocks(row: Mapping[str, Any], fact: Mapping[str, Any], policy: Mapping[str, Any], now: datetime) -> list[Clock]:
    """Answer and arrival as published, release and the call afterwards as the policy has them."""
    found = []
    if row["dispatched_at"] is not None:
        answered = min((at for at in (row["accepted_at"], row["arrived_at"]) if at), default=None)
        found.append(_clock("response", row["dispatched_at"], answered, ANSWER, fact["ended_at"], now))
    found.append(
        _clock(
            "arrival", row["alarm_at"], row["arrived_at"], fact["arrive_by"] - row["alarm_at"], fact["ended_at"], now
        )
    )
    known = policy.get("clocks", policy)
    if row["arrived_at"] is not None and "release_s" in known:
        limit = timedelta(seconds=known["release_s"])
        found.append(_clock("release", row["arrived_at"], row["released_at"], limit, row["closed_at"], now))
    if row["released_at"] is not None and "follow_up_s" in known:
        # The call is due a day after, and a day is given for it.
        limit = timedelta(seconds=2 * known["follow_up_s"])
        found.append(_clock("follow_up", row["released_at"], row["followed_up_at"], limit, None, now))
    return found


def _clock(
    name: str, start: datetime, came: datetime | None, limit: timedelta, ended: datetime | None, now: datetime
) -> Clock:
    due = start + limit
    took = (came - start).total_seconds() if came is not None else None
    if came is not None:
        state = "kept" if came <= due else "missed"
    elif ended is not None:
        # What had ended in time needed nobody.
        state = "void" if ended <= due else "missed"
    else:
        state = "running" if now <= due else "missed"
    return Clock(name, state, limit.total_seconds(), took, due)
