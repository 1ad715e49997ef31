"""Maintenance units: what is estimated, who is compared, and what a file says."""

import pytest

from api.oversight.unit_figures import ESTIMATED, SORTS, Unit, line, ordered, unit

ROW: dict[str, object] = {
    "code": "mu-1", "name_zh": "安捷", "name_en": "Anjie", "lifts": 1000, "all_lifts": 1000, "trapped": 72,
    "releases": 60, "release_mean": 4.0, "release_sd": 2.0, "release_p50": 3.5, "calls": 70, "response_hits": 69,
    "response_missed": 1, "arrival_hits": 70, "arrival_missed": 0, "arrivals": 70, "arrival_mean": 11.0,
    "arrival_sd": 4.0, "arrival_p50": 10.0, "declined": 2, "missed": 1, "repeats": 3, "silent": 4,
}  # fmt: skip


def made(**changes: object) -> Unit:
    return unit({**ROW, **changes}, 12)


def test_a_rate_is_per_thousand_lifts_and_month() -> None:
    found = made()
    assert found.rate is not None and found.rate.value == pytest.approx(6.0)
    assert found.response is not None and found.response.value == pytest.approx(100 * 69 / 70)
    assert found.minutes is not None and found.minutes.low < 11 < found.minutes.high


def test_whoever_was_never_called_is_unknown_and_comes_last() -> None:
    never = made(name_en="A", response_hits=0, response_missed=0)
    called = made(name_en="B")
    ranked, apart = ordered([never, called], "response", "desc", "name_en")
    assert [one.row["name_en"] for one in ranked] == ["B", "A"]
    assert apart == []


@pytest.mark.parametrize("sort", SORTS)
def test_under_thirty_lifts_nobody_is_ranked(sort: str) -> None:
    ranked, apart = ordered([made(lifts=29), made(lifts=30)], sort, "desc", "name_zh")
    assert [one.row["lifts"] for one in ranked] == [30]
    assert [one.row["lifts"] for one in apart] == [29]


def test_an_order_can_be_turned() -> None:
    units = [made(code="few", silent=1), made(code="many", silent=9)]
    for order, first in (("desc", "many"), ("asc", "few")):
        assert ordered(units, "silent", order, "name_zh")[0][0].row["code"] == first


def test_a_file_has_every_interval_and_an_empty_cell_for_what_is_unknown() -> None:
    found = line(made(arrivals=0, arrival_mean=None, arrival_p50=None), "en")
    assert found["name"] == "Anjie"
    assert found["minutes"] == "" and found["median"] == ""
    assert {f"{name}{end}" for name in ESTIMATED for end in ("", "_low", "_high", "_n")} <= found.keys()
