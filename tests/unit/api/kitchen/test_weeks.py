"""A kitchen against its own past: weeks nobody watched are not weeks in order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.kitchen.weeks import LEAST_WEEKS, WEEKS, first_monday, trend

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


def row(weeks_ago: int, rule: str = "no_hat", took_h: float | None = 2, level: int = 0) -> dict[str, Any]:
    monday = first_monday(NOW) + timedelta(days=7 * (WEEKS - 1 - weeks_ago))
    at = datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC)
    fixed = None if took_h is None else at + timedelta(hours=took_h)
    return {"week": monday, "rule": rule, "opened_at": at, "pushed_at": at, "rectified_at": fixed, "level": level}


def test_what_nobody_watched_is_not_nought() -> None:
    found = trend([row(0)], NOW - timedelta(days=15), NOW)
    assert found.counts[:-3] == (None,) * (WEEKS - 3)
    assert found.counts[-3:] == (0, 0, 1)
    assert found.median is None, "three weeks are no past"


def test_nothing_at_all_is_known_of_a_kitchen_without_devices() -> None:
    found = trend([], None, NOW)
    assert set(found.counts) == {None}
    assert found.kinds[0].share is None and found.kinds[0].past_median is None


def test_lately_stands_beside_the_time_before() -> None:
    rows = [row(0, took_h=1), row(1, took_h=3), row(10, took_h=8), row(10, "no_mask", None, level=2)]
    hat, mask = (kind for kind in trend(rows, LONG_AGO, NOW).kinds if kind.rule)
    assert (hat.rule, hat.lately, hat.took_lately, hat.took_before) == ("no_hat", 2, 7200, 28800)
    assert (hat.in_time, hat.judged) == (3, 3)
    assert (mask.in_time, mask.judged, mask.took_before) == (0, 1, None)


def test_a_rule_alone() -> None:
    rows = [row(3), row(3, "no_mask")]
    assert trend(rows, LONG_AGO, NOW, "no_mask").counts[-4] == 1
    assert trend(rows, LONG_AGO, NOW).counts[-4] == 2


@given(st.lists(st.integers(0, WEEKS - 1), max_size=60), st.integers(0, 300))
def test_every_finding_is_in_one_week(weeks: list[int], days: int) -> None:
    began = NOW - timedelta(days=days)
    found = trend([row(ago) for ago in weeks], began, NOW)
    known = [count for count in found.counts if count is not None]
    assert sum(known) == sum(ago < len(known) for ago in weeks)
    assert (found.median is None) == (len(known) - 1 < LEAST_WEEKS)
    assert len(found.counts) == len(found.mondays) == WEEKS
