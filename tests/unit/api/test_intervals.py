"""Intervals are the known ones, hold what they are of, and close as more is counted."""

from math import exp, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.intervals import poisson, student, t_quantile, wilson


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"), [(0, 0, 0, 1), (8, 10, 0.490, 0.943), (0, 10, 0, 0.278), (10, 10, 0.722, 1)]
)
def test_wilson(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0, 3.6889),
        (1, 0.025318, 5.5716),
        (2, 0.24221, 7.2247),
        (5, 1.6235, 11.6683),
        (10, 4.7954, 18.3904),
        (100, 81.3640, 121.6268),
    ],
)
def test_poisson_is_exact(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), rel=2e-5)


@given(st.integers(1, 5000))
def test_poisson_leaves_a_fortieth_on_each_side(count: int) -> None:
    low, high = poisson(count)
    assert low < count < high
    if count < 300:
        assert 1 - _at_most(count - 1, low) == pytest.approx(0.025, abs=1e-6)
        assert _at_most(count, high) == pytest.approx(0.025, abs=1e-6)


def _at_most(count: int, mean: float) -> float:
    """By adding up, which is slow and cannot be wrong."""
    term = total = exp(-mean)
    for number in range(1, count + 1):
        term *= mean / number
        total += term
    return total


@pytest.mark.parametrize(
    ("freedom", "value"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (9, 2.2622), (30, 2.0423), (100, 1.9840)],
)
def test_students_t(freedom: int, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=1e-4)


@given(st.integers(1, 20_000))
def test_students_t_falls_towards_the_normal(freedom: int) -> None:
    assert 1.9599 < t_quantile(freedom + 1) <= t_quantile(freedom)


@given(st.integers(2, 10_000), st.floats(0, 1000), st.floats(0, 100))
def test_a_mean_lies_in_the_middle_of_its_interval(n: int, mean: float, deviation: float) -> None:
    low, high = student(n, mean, deviation)
    assert low <= mean <= high
    assert mean - low == pytest.approx(high - mean, abs=1e-6)
    assert student(1, mean, deviation) == (-inf, inf)


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_in_its_interval(hits: int, more: int) -> None:
    low, high = wilson(hits, hits + more)
    assert 0 <= low <= hits / (hits + more) <= high <= 1
    wide = wilson(hits * 4, (hits + more) * 4)
    assert wide[1] - wide[0] <= high - low + 1e-9
