"""Figures by month: what a month without anything means, and where nothing is known."""

from api.intervals import Estimate
from api.oversight import trends
from api.oversight.figures import figures

EMPTY = dict.fromkeys(
    (
        *("trapped", "trapped_mass", "response_hits", "response_missed", "arrival_hits", "arrival_missed", "arrivals"),
        *("releases", "tier_1", "tier_2", "tier_3"),
    ),
    0,
) | dict.fromkeys(("arrival_mean", "arrival_sd", "arrival_p50", "arrival_p90", "release_mean", "release_sd"))


def test_a_month_in_which_nobody_was_trapped_has_nought_and_an_interval() -> None:
    six = figures({**EMPTY, "trapped": 6}, 1000, 1)
    found = trends.trapped([("2026-10", None), ("2026-11", six)], 1000, [1.0, 1.0])
    assert [value.value for value in found.values if value] == [0.0, 6.0]
    assert found.values[0] is not None and found.values[0].high > 3
    assert found.known()


def test_without_lifts_no_rate_is_known() -> None:
    assert not trends.trapped([("2026-10", None)], 0, [1.0]).known()


def test_arrivals_go_from_the_median_to_the_ninth_decile() -> None:
    row = {**EMPTY, "arrivals": 4, "arrival_mean": 11.0, "arrival_sd": 2.0, "arrival_p50": 10.0, "arrival_p90": 15.0}
    found = trends.arrivals([("2026-10", figures(row, 10, 1)), ("2026-11", figures(EMPTY, 10, 1))])
    assert found.values == [Estimate(10.0, 10.0, 15.0, 4), None]


def test_the_open_share_is_of_the_looks_and_of_now_where_there_is_none() -> None:
    now = Estimate(79.0, 78.0, 80.0, 100)
    rows = [{"month": "2026-10", "kitchens": 200, "open_kitchens": 150}]
    found = trends.open_share(rows, ["2026-09", "2026-10", "2026-11"], now)
    assert found.values == [None, Estimate(75.0, 75.0, 75.0, 200), now]


def test_what_was_put_right_of_a_month() -> None:
    found = trends.rectified([{"month": "2026-10", "hits": 9, "missed": 1}], ["2026-10", "2026-11"])
    assert found.values[0] is not None and (found.values[0].value, found.values[0].n) == (90.0, 10)
    assert found.values[1] is None
