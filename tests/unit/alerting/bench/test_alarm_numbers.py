"""An alarm's way in parts: the stages come to the whole, and the timetable keeps to its parts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.bench.numbers import STAGES, Way, spread, stages, timetable

TIMES = st.lists(st.floats(0, 10), min_size=6, max_size=6).map(lambda steps: [sum(steps[: n + 1]) for n in range(6)])


@given(TIMES)
def test_the_stages_come_to_the_whole(times: list[float]) -> None:
    way = Way(*times)
    assert sum(way.stage_ms(number) for number in range(len(STAGES))) == pytest.approx(way.whole_ms, abs=1e-6)


def test_each_stage_has_its_own_spread() -> None:
    ways = [Way(0.0, 0.001, 0.011, 0.031, 0.041, 0.042), Way(5.0, 5.003, 5.013, 5.033, 5.043, 5.044)]
    found = stages(ways)
    assert list(found) == list(STAGES)
    assert (found["spooled"].p50_ms, found["spooled"].max_ms) == (1.0, 3.0)
    assert found["opened"].p99_ms == 20.0
    assert spread([]).p99_ms is None


@given(st.floats(0, 100), st.floats(1, 1000), st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_one_alarm_in_each_part(first: float, seconds: float, shares: list[float]) -> None:
    found = timetable(first, seconds, shares)
    part = seconds / len(shares)
    for number, at in enumerate(found):
        assert first + part * number - 1e-6 <= at <= first + part * (number + 1) + 1e-6
    assert all(before <= after + 1e-9 for before, after in pairwise(found))
