"""PURE: where a page begins, in lists that grow while they are read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK = re.compile(r"^(\d{1,17})-(\d{1,18})$")
MOST, USUAL = 500, 100


class Mark(NamedTuple):
    """Behind which row a page begins: its time, and its number among those of one time."""

    at: datetime
    id: int


START = Mark(EPOCH, 0)


def mark(text: str) -> Mark | None:
    """What `after` says; None: that is no mark."""
    if not text:
        return START
    found = MARK.match(text)
    return Mark(EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else None


def following(rows: list[Mapping[str, Any]], limit: int, column: str = "opened_at") -> str | None:
    """The mark behind the last of `limit` rows, where there are more."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return f"{(last[column] - EPOCH) // timedelta(microseconds=1)}-{last['id']}"
