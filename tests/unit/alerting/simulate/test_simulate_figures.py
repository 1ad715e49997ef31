"""Figures of simulations: percentiles, shares and paired differences by numbers that are known."""

from collections import Counter
from math import nan

import numpy as np
import pytest

from alerting.simulate.chart import arrivals
from alerting.simulate.figures import COLUMNS, Table, compared, figures, joined, share


def table(arrived: list[float], **columns: list[float]) -> Table:
    size = len(arrived)
    default = {
        "accepted_s": [60.0] * size, "arrived_s": arrived, "released_s": [one + 240 for one in arrived],
        "tier3_s": [nan] * size, "tier": [1.0] * size, "came": [1.0] * size, "pages": [2.0] * size,
        "people": [2.0] * size,
    }  # fmt: skip
    return Table({name: np.array({**default, **columns}[name], dtype=float) for name in COLUMNS}, Counter(arrive_s=1))


def test_figures_of_few() -> None:
    found = figures(table([600.0, 1200.0, 2400.0, nan], accepted_s=[60, 180, 181, nan], tier=[1, 1, 2, 3]))
    assert found["incidents"] == 4
    assert found["response_3min"]["share"] == 0.5
    assert found["arrival_30min"]["share"] == 0.5
    assert found["tier_called"]["3"]["share"] == 0.25
    assert found["people"] == 8
    assert found["people_waiting_over_30_min"] == 4
    assert found["nobody_came"] == 1
    assert found["release_min"]["p99"] == 4.0
    assert found["arrival_min"]["p50"] == 30.0
    assert found["clocks_fired"] == {"arrive_s": 1}


def test_the_interval_of_a_share_is_wilsons() -> None:
    found = share(np.array([True] * 8 + [False] * 2))
    assert found == {"share": 0.8, "low": pytest.approx(0.4902, abs=1e-4), "high": pytest.approx(0.9433, abs=1e-4)}
    assert share(np.array([False] * 5))["low"] == 0
    assert share(np.array([], dtype=bool)) == {}


def test_paired_differences_leave_out_what_both_share() -> None:
    random = np.random.default_rng(1)
    base = random.lognormal(6.5, 0.4, 2000)
    found = compared(table([*base]), table([*(base - 60)]), 1)
    assert found["arrival_min"] == {"difference": -1.0, "low": -1.0, "high": -1.0}
    assert found["pages_per_incident"]["difference"] == 0
    assert found["arrival_p95_min"]["difference"] == pytest.approx(-1.0)
    assert found["arrival_p95_min"]["high"] == pytest.approx(-1.0)
    same = compared(table([*base]), table([*base]), 1)
    assert {part for one in same.values() for part in one.values()} == {0.0}


def test_a_difference_that_is_there_is_found_and_one_that_is_not_is_not() -> None:
    random = np.random.default_rng(2)
    base, noise = random.normal(900, 200, 5000), random.normal(0, 30, 5000)
    better = compared(table([*base]), table([*(base - 3 + noise)]), 3)["arrival_min"]
    assert better["low"] < -0.05 < better["high"] < 0
    equal = compared(table([*base]), table([*(base + noise - noise.mean())]), 3)["arrival_min"]
    assert equal["low"] < 0 < equal["high"]


def test_parts_are_joined_in_order() -> None:
    whole = joined([table([1.0, 2.0]), table([3.0])])
    assert whole.columns["arrived_s"].tolist() == [1.0, 2.0, 3.0]
    assert (whole.size, whole.fired["arrive_s"]) == (3, 2)


def test_the_chart_shows_both_and_escapes_their_names() -> None:
    drawn = arrivals(["a<b", "other"], [np.array([5.0, 10.0]), np.array([70.0])])
    assert drawn.count("<polyline") == 2
    assert "a&lt;b, mean 7.5 min" in drawn
    assert "nan" not in drawn
