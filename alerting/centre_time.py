"""PURE: when something began by the centre's clock. A device's own time is never believed alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

LONGEST = timedelta(days=7)
"""nothing that alerting still handles is older"""
SLACK = timedelta(minutes=1)
"""so far after its arrival a time may lie by an offset that is not exact; further, the offset is nonsense"""


def centre_time(
    at: datetime, observed: datetime, received: datetime, told_ms: int | None, heard_ms: int | None
) -> datetime:
    """The centre's time of `at`, never after `received`.

    `told_ms` is the offset that the device measured, `heard_ms` the one that the centre did (what to add to the
    device's time). Without either, or with one that cannot be, the message counts as fresh: its decision was made when
    it arrived, and the span from `at` to `observed` is right on any clock.
    """
    for offset in (told_ms, heard_ms):
        found = _moved(at, offset)
        if found is not None and received - LONGEST <= found <= received + SLACK:
            return min(found, received)
    return received - min(max(observed - at, timedelta(0)), LONGEST)


def _moved(at: datetime, offset_ms: int | None) -> datetime | None:
    if offset_ms is None:
        return None
    try:
        return at + timedelta(milliseconds=offset_ms)
    except OverflowError:
        return None


def began(row: Mapping[str, Any]) -> datetime:
    """When the event of a row began, by the centre's clock."""
    told, heard = row["clock_offset_ms"], row["heard_offset_ms"]
    return centre_time(row["at"], row["observed"], row["received"], told, heard)
