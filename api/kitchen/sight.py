"""PURE: how much of a time a camera saw: hours, shares, and what is not known of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

HOUR = timedelta(hours=1)
Row = Mapping[str, Any]


class Shares(NamedTuple):
    """Of the hours since a camera was first heard, in percent: they are 100 together."""

    sees: float
    blind: float
    unknown: float
    hours: int


def hours(rows: Sequence[Row], end: datetime, count: int) -> list[float | None]:
    """The last `count` hours, the share (0-1) of each in which the camera saw; None: nothing was heard of it.

    `end`: when the running hour ends. `rows` have `bucket`, `samples` and `active`.
    """
    found: list[float | None] = [None] * count
    begin = end - count * HOUR
    for row in rows:
        place = (row["bucket"] - begin) // HOUR
        if 0 <= place < count and row["samples"]:
            found[place] = row["active"] / row["samples"]
    return found


def shares(found: Sequence[float | None]) -> Shares | None:
    """None where nothing was ever heard. What was before the first word is nobody's fault and does not count."""
    first = next((place for place, share in enumerate(found) if share is not None), None)
    if first is None:
        return None
    counted = found[first:]
    known = [share for share in counted if share is not None]
    sees = 100 * sum(known) / len(counted)
    unknown = 100 * (len(counted) - len(known)) / len(counted)
    return Shares(sees, max(0.0, 100 - sees - unknown), unknown, len(counted))
