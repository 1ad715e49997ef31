"""Figures from counts: promises by those that kept or broke them, rates by exposure, and who is ranked."""

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.intervals import Estimate
from api.oversight.figures import (
    ARRIVAL_BINS,
    ARRIVAL_NAMES,
    LEAST_LIFTS,
    Unit,
    counts,
    figures,
    mean,
    ranked,
    rate,
    scales,
    share,
    unit,
)

ROW: dict[str, Any] = {
    "trapped": 66,
    "trapped_mass": 6,
    "response_hits": 57,
    "response_missed": 3,
    "arrival_hits": 58,
    "arrival_missed": 1,
    "arrivals": 59,
    "arrival_mean": 11.0,
    "arrival_sd": 4.0,
    "arrival_p50": 10.2,
    "arrival_p90": 17.0,
    "releases": 1,
    "release_mean": 4.0,
    "release_sd": None,
    "tier_1": 58,
    "tier_2": 2,
    "tier_3": 0,
}


def test_the_published_figures() -> None:
    found = figures(ROW, lifts=1000, months=12.0)
    assert found.rate is not None and found.rate.value == pytest.approx(0.55)  # Jiangsu's 0.55 %
    assert (found.rate.low, found.rate.high) == pytest.approx((51.044 / 120, 83.968 / 120), rel=1e-4)
    assert found.response is not None and (found.response.value, found.response.n) == (95.0, 60)
    assert found.arrival is not None and found.arrival.value == pytest.approx(100 * 58 / 59)
    assert found.arrival_minutes is not None
    assert (found.arrival_minutes.low, found.arrival_minutes.high) == pytest.approx((9.958, 12.042), abs=1e-3)
    assert found.release_minutes == Estimate(4.0, 0.0, inf, 1)
    assert [e and round(e.value, 2) for e in found.tier_shares] == [96.67, 3.33, 0.0]


def test_nothing_counted_is_unknown_and_not_nought() -> None:
    empty = {**dict.fromkeys(ROW, 0), "arrival_mean": None, "arrival_p50": None, "release_mean": None}
    found = figures(empty, lifts=0, months=12.0)
    assert (found.rate, found.response, found.arrival, found.arrival_minutes) == (None, None, None, None)
    assert found.tier_shares == [None, None, None]
    nobody = rate(0, 1000, 12.0)
    assert nobody is not None and nobody.value == 0 and 0 < nobody.high < 0.04


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_share_is_of_those_that_kept_or_broke_it(hits: int, missed: int) -> None:
    found = share(hits, missed)
    if hits + missed == 0:
        assert found is None
    else:
        assert found is not None and found.n == hits + missed
        assert -1e-9 <= found.low <= found.value + 1e-9 and found.value <= found.high + 1e-9 <= 100 + 1e-6


@given(st.integers(0, 500), st.integers(1, 60_000), st.floats(0.1, 36))
def test_a_rate_times_its_exposure_is_its_count(count: int, lifts: int, months: float) -> None:
    found = rate(count, lifts, months)
    assert found is not None
    assert found.value * lifts * months / 100 == pytest.approx(count)
    assert found.low <= found.value <= found.high


def test_a_time_is_never_below_nought() -> None:
    found = mean(3, 1.0, 5.0)
    assert found is not None and found.low == 0.0
    assert mean(0, None, None) is None


def made(name: str, lifts: int, trapped: int = 1, hits: int = 1) -> Unit:
    row = {**ROW, "name_en": name, "lifts": lifts, "trapped": trapped, "response_hits": hits, "response_missed": 0}
    return unit(row, 12.0)


def test_few_lifts_are_not_ranked() -> None:
    many, few = made("many", LEAST_LIFTS), made("few", LEAST_LIFTS - 1)
    assert ranked([few, many], "rate", "desc", "name_en") == ([many], [few])


def test_sorted_by_what_was_asked_for() -> None:
    units = [made("b", 100, 5), made("a", 200, 1), made("c", 50, 3)]

    def names(sort: str, order: str) -> str:
        return "".join(unit.row["name_en"] for unit in ranked(units, sort, order, "name_en")[0])

    assert (names("rate", "desc"), names("rate", "asc")) == ("cba", "abc")
    assert (names("lifts", "desc"), names("name", "desc"), names("name", "asc")) == ("abc", "cba", "abc")


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_unknown_stands_last(order: str) -> None:
    unknown = made("a", 100, hits=0)
    assert unknown.response is None
    assert ranked([unknown, made("b", 100)], "response", order, "name_en")[0][-1] is unknown


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 40)), max_size=20))
def test_every_value_fits_on_its_scale(sizes: list[tuple[int, int]]) -> None:
    units = [made(str(number), lifts, trapped) for number, (lifts, trapped) in enumerate(sizes)]
    found = scales(units, [])
    assert all(unit.rate and unit.rate.value <= found["rate"] for unit in units)
    assert all(unit.response and found["from_share"] <= unit.response.value for unit in units)


def test_counts_of_a_kind_and_names_of_bins() -> None:
    rows = [{"kind": "hour", "name": "8", "n": 3}, {"kind": "cause", "name": "misuse", "n": 2}]
    assert counts(rows, "hour") == {"8": 3}
    assert len(ARRIVAL_NAMES) == ARRIVAL_BINS + 1 and ARRIVAL_NAMES[-2:] == ("27–30", "≥30")
