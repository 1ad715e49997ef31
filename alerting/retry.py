"""PURE: when a letter is tried again: with growing pauses, inside its clock, once more at its end."""

from datetime import datetime, timedelta

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


def pause_s(attempts: int) -> float:
    """How long to wait after the n-th attempt (n >= 1) failed."""
    return float(min(FIRST_PAUSE_S * 2 ** min(attempts - 1, 32), LONGEST_PAUSE_S))


def next_try(attempts: int, now: datetime, give_up_at: datetime) -> datetime | None:
    """When to try again after the n-th attempt failed at `now`; None: the clock has run out."""
    if now + timedelta(seconds=FIRST_PAUSE_S) > give_up_at:
        return None
    return min(now + timedelta(seconds=pause_s(attempts)), give_up_at)
