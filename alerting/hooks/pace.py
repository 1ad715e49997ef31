"""PURE: what an answer means: taken, not this one, or not now; and when to try again."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
LIFE = timedelta(days=3)
"""after which a happening that is refused is given up, and another system that does not answer is told nothing more"""
NOT_THIS_ONE = frozenset({400, 409, 413, 415, 422})
"""the other system works, and does not want this document"""


class Heard(StrEnum):
    TOOK = "took"
    NOT_THIS_ONE = "not_this_one"
    NOT_NOW = "not_now"


class Standing(Struct, frozen=True):
    """How another system has answered of late."""

    failures: int = 0
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    stopped_at: datetime | None = None


def heard(status: int | None) -> Heard:
    """What an HTTP status says; None: there was no answer."""
    if status is not None and 200 <= status < 300:
        return Heard.TOOK
    return Heard.NOT_THIS_ONE if status in NOT_THIS_ONE else Heard.NOT_NOW


def pause_s(attempts: int) -> float:
    """How long to wait after the n-th attempt (n >= 1) failed."""
    return float(min(FIRST_PAUSE_S * 2 ** min(attempts - 1, 32), LONGEST_PAUSE_S))


def standing(before: Standing, said: Heard, now: datetime) -> Standing:
    """After an answer. Who does not answer is held as a whole; who refuses one document goes on with other stories."""
    if said is Heard.TOOK:
        return Standing()
    since = before.failing_since or now
    if said is Heard.NOT_THIS_ONE:
        return Standing(0, since)
    failures = before.failures + 1
    stopped = now if now - since >= LIFE else None
    return Standing(failures, since, now + timedelta(seconds=pause_s(failures)), stopped)


def next_try(said: Heard, attempts: int, queued_at: datetime, now: datetime) -> datetime | None:
    """When a happening is tried again after its n-th attempt; None: it is given up.

    Only what is refused for itself is: what another system did not answer waits until it does, or is stopped.
    """
    if said is Heard.NOT_THIS_ONE and now - queued_at >= LIFE:
        return None
    return now + timedelta(seconds=pause_s(attempts))
