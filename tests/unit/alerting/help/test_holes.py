"""Holes as they are kept: the same hole keeps its row, is told once and in time, and is filled or over."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.help.holes import Changes, Kept, looks, reconcile, to_tell
from contracts.roster import Hole

CITY = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 26, 12, tzinfo=CITY)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_a_new_hole_and_one_that_is_there_already() -> None:
    hole = Hole(at(5), at(9))
    assert reconcile([], [hole], at(0)) == Changes(new=((hole, False),))
    assert reconcile([Kept(id=1, begin=at(5), end=at(9))], [hole], at(0)) == Changes()


def test_a_hole_under_way_keeps_its_begin_and_its_end_moves_with_the_horizon() -> None:
    kept = Kept(id=1, begin=at(-20), end=at(36), told=True)
    found = reconcile([kept], [Hole(at(-1), at(37))], at(0))
    assert found == Changes(moved=(Kept(id=1, begin=at(-20), end=at(37), told=True),))


def test_a_hole_that_is_filled_is_said_to_be_and_one_that_is_over_is_left() -> None:
    assert reconcile([Kept(id=1, begin=at(5), end=at(9))], [], at(0)).filled == (1,)
    assert reconcile([Kept(id=1, begin=at(-9), end=at(-5))], [], at(0)).filled == ()


def test_what_is_left_of_a_hole_that_was_told_is_not_told_again() -> None:
    kept = Kept(id=1, begin=at(5), end=at(20), told=True)
    found = reconcile([kept], [Hole(at(5), at(8)), Hole(at(15), at(20))], at(0))
    assert found.moved == (Kept(id=1, begin=at(5), end=at(8), told=True),)
    assert found.new == ((Hole(at(15), at(20)), True),)
    assert found.filled == ()


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [(at(0), at(-20), at(4)), (at(4), at(4), at(28)), (at(3.99), at(-20), at(4)), (at(12), at(4), at(28))],
)
def test_the_daily_look_is_at_four_by_the_citys_clock(now: datetime, last: datetime, following: datetime) -> None:
    assert looks(now, 16, "Asia/Shanghai") == (last, following)


@pytest.mark.parametrize(
    ("begin", "told", "daily", "due"),
    [
        (30, None, True, True),
        (30, None, False, False),
        (20, None, False, True),
        (20, -2, True, False),
        (20, -2, False, False),
        (-5, -24, True, True),
        (-5, -24, False, False),
    ],
)
def test_told_at_the_daily_look_or_at_once_when_that_is_too_late(
    begin: float, told: float | None, daily: bool, due: bool
) -> None:
    assert to_tell(at(begin), None if told is None else at(told), daily, at(28), at(0)) is due


HOLES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=5)


@given(HOLES, HOLES)
def test_after_a_look_the_rows_are_what_was_found(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    rows: dict[int, Kept] = {}
    for spans in (first, second, second):
        found = merged(spans)
        changes = reconcile(list(rows.values()), found, at(0))
        for number in changes.filled:
            del rows[number]
        for row in changes.moved:
            rows[row.id] = row
        for hole, told in changes.new:
            number = max(rows, default=0) + 1
            rows[number] = Kept(id=number, begin=hole.begin, end=hole.end, told=told)
        assert sorted((row.begin, row.end) for row in rows.values()) == sorted((hole.begin, hole.end) for hole in found)
    assert changes == Changes()


def merged(spans: list[tuple[int, int]]) -> list[Hole]:
    """Holes that do not touch, all after now."""
    hours = {hour for begin, long in spans for hour in range(begin, begin + long)}
    found = list[Hole]()
    for hour in sorted(hours):
        if found and found[-1].end == at(hour + 1):
            found[-1] = Hole(found[-1].begin, at(hour + 2))
        else:
            found.append(Hole(at(hour + 1), at(hour + 2)))
    return found
