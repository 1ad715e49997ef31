"""Targets, and the heat of towns: arithmetic by hand."""

import pytest

from api.oversight.kpis import COUNTS, MEASURES, heat, kpis, together

ZERO = dict.fromkeys(together([]), 0)


def town(code: str, **counts: int) -> dict[str, object]:
    return {"code": code, **ZERO, **counts}


def test_a_kitchen_counts_as_open_by_an_active_camera_only() -> None:
    row = {**ZERO, "kitchens": 1000, "with_camera": 950, "open_kitchens": 700}
    found = {kpi.name: kpi for kpi in kpis(row)}["open"]
    assert (found.hits, found.total, found.target) == (700, 1000, 80.0)
    assert found.found is not None and found.found.value == 70.0
    assert found.standing == "missed"


@pytest.mark.parametrize(
    ("hits", "total", "standing"),
    [(0, 0, "unknown"), (8, 10, "unsure"), (950, 1000, "reached"), (600, 1000, "missed")],
)
def test_a_target_inside_the_interval_is_neither_reached_nor_missed(hits: int, total: int, standing: str) -> None:
    row = {**ZERO, "kitchens": total, "open_kitchens": hits}
    assert kpis(row)[0].standing == standing


def test_what_kept_or_broke_a_promise_is_all_there_is() -> None:
    found = {kpi.name: kpi for kpi in kpis({**ZERO, "response_hits": 9, "response_missed": 1})}
    assert (found["response"].hits, found["response"].total) == (9, 10)
    assert found["arrival"].found is None


def test_several_towns_are_one() -> None:
    rows = [town("a", kitchens=3, open_kitchens=1), town("b", kitchens=2, open_kitchens=2)]
    both = together(rows)
    assert (both["kitchens"], both["open_kitchens"]) == (5, 3)
    assert len(kpis(both)) == len(COUNTS)


def test_the_hottest_town_comes_first_and_few_lifts_are_not_ranked() -> None:
    rows = [
        town("calm", lifts=100, passenger=100, kitchens=100, open=2),
        town("hot", lifts=100, passenger=100, kitchens=100, open=40),
        town("small", lifts=29, passenger=29, kitchens=5, open=34),
    ]
    found = heat(rows, "open")
    assert [(one.row["code"], one.place) for one in found] == [("hot", 1), ("calm", 2), ("small", None)]
    assert found[0].value == 200.0
    assert [one.tone for one in found] == ["late", "plain", "unknown"]


def test_entrapments_are_per_thousand_lifts_and_month() -> None:
    (found,) = heat([town("a", lifts=1000, passenger=1000, trapped_year=72)], "trapped")
    assert found.value == pytest.approx(6.0)
    assert found.estimate is not None and found.estimate.low < 6 < found.estimate.high


def test_the_lowest_open_share_is_the_hottest() -> None:
    rows = [town("a", kitchens=100, open_kitchens=90), town("b", kitchens=100, open_kitchens=50)]
    found = heat(rows, "share")
    assert [(one.row["code"], one.tone) for one in found] == [("b", "late"), ("a", "fine")]


@pytest.mark.parametrize("measure", MEASURES)
def test_a_town_without_anything_is_unknown_and_never_fine(measure: str) -> None:
    (found,) = heat([town("empty")], measure)
    assert (found.value, found.place, found.tone) == (None, None, "unknown")
    assert heat([], measure) == []
