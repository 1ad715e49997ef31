"""PURE. Local times of day: shifts and hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo


def minutes(time: str) -> int:
    """Minutes since midnight of "HH:MM"."""
    return int(time[:2]) * 60 + int(time[3:5])


def local(now: datetime, zone: tzinfo) -> datetime:
    return now.astimezone(zone)


def within(now: datetime, hours: str, zone: tzinfo) -> bool:
    """Whether `now` lies in "HH:MM-HH:MM" (past midnight when the end is smaller); empty is always."""
    if not hours:
        return True
    begin, end = minutes(hours[:5]), minutes(hours[6:])
    here = local(now, zone)
    at = here.hour * 60 + here.minute
    return begin <= at < end if begin < end else at >= begin or at < end


def last(now: datetime, marks: Sequence[str], zone: tzinfo) -> datetime:
    """The newest of the daily marks that is not after `now`."""
    midnight = local(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    times = [midnight + timedelta(days=day, minutes=minutes(mark)) for day in (-1, 0) for mark in marks]
    return max(time for time in times if time <= now).astimezone(now.tzinfo)
