"""Steps, gaps and times outside: what nobody heard is neither inside nor outside."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kitchen.climate import SPANS, Span, Step, extremes, gaps, outside, start_of, steps
from runtime.api_settings import ClimateLimit

DAY = SPANS["day"]
START = datetime(2026, 11, 25, tzinfo=UTC)
COOL = ClimateLimit(at_most_c=25)


def step(place: int, mean: float | None, low: float | None = None, high: float | None = None) -> Step:
    return Step(START + place * DAY.step, mean if low is None else low, mean, mean if high is None else high, None)


def series(*means: float | None) -> list[Step | None]:
    return [None if mean is None else step(place, mean) for place, mean in enumerate(means)]


def test_times_outside_end_at_a_gap() -> None:
    found = outside(series(24, 26, 27, None, 26, 25, 26), COOL, DAY.step)
    assert [(round(one.seconds / 300), one.worst) for one in found] == [(2, 27), (1, 26), (1, 26)]


def test_the_worst_of_what_is_to_be_hot_is_the_coldest() -> None:
    found = outside([step(0, 59, 50, 61), step(1, 58, 55, 60), step(2, 70)], ClimateLimit(above_c=60), DAY.step)
    assert [(one.seconds, one.worst) for one in found] == [(600, 50)]


def test_without_a_limit_nothing_is_outside() -> None:
    assert outside(series(99), None, DAY.step) == []


@pytest.mark.parametrize(
    ("limit", "value", "missed"),
    [
        (COOL, 25, False),
        (COOL, 25.1, True),
        (ClimateLimit(below_c=10), 10, True),
        (ClimateLimit(below_c=10), 9.9, False),
        (ClimateLimit(above_c=60), 60, True),
        (ClimateLimit(above_c=60), 60.1, False),
    ],
)
def test_where_a_limit_lies(limit: ClimateLimit, value: float, missed: bool) -> None:
    assert limit.missed(value) is missed


def test_gaps_are_runs_of_silence() -> None:
    assert gaps(series(1, None, 1, None, None, 1, None), 1) == [(1, 2), (3, 5), (6, 7)]
    assert gaps(series(1, None, 1, None, None, 1, None), 2) == [(3, 5)]
    assert gaps(series(None, None), 1) == [(0, 2)]


def test_the_last_step_holds_now() -> None:
    for span in SPANS.values():
        for now in (START, START + timedelta(minutes=7, seconds=1), START + timedelta(hours=23)):
            first = start_of(span, now, START - timedelta(days=365))
            assert first + span.back - span.step <= now < first + span.back


@given(st.lists(st.none() | st.floats(-20, 60), min_size=1, max_size=40), st.sampled_from(list(SPANS.values())))
def test_nothing_heard_is_lost_and_nothing_invented(means: list[float | None], span: Span) -> None:
    rows: list[dict[str, Any]] = [
        {"bucket": START + place * span.step, "low": mean, "mean": mean, "high": mean, "humidity": None}
        for place, mean in enumerate(means)
        if mean is not None
    ]
    found = steps(rows, span, START)
    assert len(found) == span.steps
    assert sum(one is not None for one in found) == min(len(rows), span.steps)
    silent = sum(last - first for first, last in gaps(found, 1))
    assert silent + sum(one is not None for one in found) == span.steps
    missed = sum((one.until - one.since) // span.step for one in outside(found, COOL, span.step))
    assert missed == sum(one is not None and one.mean is not None and one.mean > 25 for one in found)
    widest = extremes(found)
    said = [one.mean for one in found if one is not None and one.mean is not None]
    assert widest is None if not said else widest is not None and (widest.low, widest.high) == (min(said), max(said))
