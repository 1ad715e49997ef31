"""How much a camera saw: an hour without a word is neither seen nor blind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kitchen.sight import HOUR, hours, shares

END = datetime(2026, 11, 26, 4, tzinfo=UTC)


def row(ago: int, samples: int, active: int) -> dict[str, Any]:
    return {"bucket": END - ago * HOUR, "samples": samples, "active": active}


def test_an_hour_is_what_was_said_in_it() -> None:
    assert hours([row(1, 10, 10), row(2, 10, 5), row(4, 0, 0), row(99, 1, 1)], END, 4) == [None, None, 0.5, 1.0]


def test_shares_count_from_the_first_word() -> None:
    found = shares([None, None, 1.0, None, 0.5, 0.0])
    assert found is not None
    assert (found.sees, found.blind, found.unknown, found.hours) == pytest.approx((37.5, 37.5, 25.0, 4))
    assert shares([None, None]) is None


@given(st.lists(st.none() | st.floats(0, 1), max_size=200))
def test_shares_are_the_whole(found: list[float | None]) -> None:
    said = shares(found)
    if said is not None:
        assert said.sees + said.blind + said.unknown == pytest.approx(100)
        assert min(said.sees, said.blind, said.unknown) >= 0


def test_rows_may_come_in_any_order() -> None:
    rows = [row(ago, 6, ago % 7) for ago in range(1, 30)]
    assert hours(rows, END, 24) == hours(rows[::-1], END, 24)
    assert hours(rows, END + timedelta(hours=1), 24)[-1] is None
