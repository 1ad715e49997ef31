"""PURE: a kitchen against its own past: findings by week with their median, how long they took, how many in time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from api.i18n import LOCAL
from api.intervals import wilson

WEEKS, LATELY = 26, 4
LEAST_WEEKS = 4
"""of fewer past weeks there is no median: nothing can be said"""
Row = Mapping[str, Any]


class Kind(NamedTuple):
    """One rule, or all of them (""): lately against the time before. Seconds; None: not known."""

    rule: str
    lately: int
    past_median: float | None
    """a week, before the last four weeks"""
    took_lately: float | None
    took_before: float | None
    in_time: int
    judged: int

    @property
    def share(self) -> tuple[float, float, float] | None:
        """In time, with its 95 % interval, in percent."""
        if not self.judged:
            return None
        low, high = wilson(self.in_time, self.judged)
        return 100 * self.in_time / self.judged, 100 * low, 100 * high


class Trend(NamedTuple):
    """Weeks from old to new; the last one still runs. None: nobody watched yet."""

    mondays: tuple[date, ...]
    counts: tuple[int | None, ...]
    median: float | None
    """of the whole past weeks"""
    kinds: tuple[Kind, ...]


def first_monday(now: datetime) -> date:
    """With which week the trend begins."""
    today = now.astimezone(LOCAL).date()
    return today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))


def trend(rows: Sequence[Row], began: datetime | None, now: datetime, rule: str = "") -> Trend:
    """`rows` have `week` (a Monday), `rule`, times and `level`; `began`: since when somebody watched."""
    first = first_monday(now)
    mondays = tuple(first + timedelta(days=7 * index) for index in range(WEEKS))
    since = began.astimezone(LOCAL).date() if began else None
    known = [since is not None and monday + timedelta(days=7) > since for monday in mondays]
    chosen = [row for row in rows if rule in ("", row["rule"])]
    counts = _counts(chosen, mondays, known)
    rules = sorted({row["rule"] for row in rows})
    kinds = [_kind(name, rows, mondays, known) for name in ("", *rules)]
    whole = [count for count in counts[:-1] if count is not None]
    return Trend(mondays, counts, median(whole) if len(whole) >= LEAST_WEEKS else None, tuple(kinds))


def _counts(rows: Sequence[Row], mondays: Sequence[date], known: Sequence[bool]) -> tuple[int | None, ...]:
    found = dict.fromkeys(mondays, 0)
    for row in rows:
        if row["week"] in found:
            found[row["week"]] += 1
    return tuple(found[monday] if there else None for monday, there in zip(mondays, known, strict=True))


def _kind(rule: str, rows: Sequence[Row], mondays: Sequence[date], known: Sequence[bool]) -> Kind:
    own = [row for row in rows if rule in ("", row["rule"])]
    counts = _counts(own, mondays, known)
    past = [count for count in counts[:-LATELY] if count is not None]
    edge = mondays[-LATELY]
    judged = [row for row in own if row["level"] > 0 or row["rectified_at"] is not None]
    return Kind(
        rule,
        sum(count or 0 for count in counts[-LATELY:]),
        median(past) if len(past) >= LEAST_WEEKS else None,
        _took([row for row in own if row["week"] >= edge]),
        _took([row for row in own if row["week"] < edge]),
        sum(row["level"] == 0 for row in judged),
        len(judged),
    )


def _took(rows: Sequence[Row]) -> float | None:
    """The median from being told to being put right."""
    spans = [
        (row["rectified_at"] - (row["pushed_at"] or row["opened_at"])).total_seconds()
        for row in rows
        if row["rectified_at"] is not None
    ]
    return median(spans) if spans else None
