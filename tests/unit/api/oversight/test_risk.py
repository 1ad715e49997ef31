"""The order by risk: what counts, where a term ends, and that its reasons add up."""

from hypothesis import given
from hypothesis import strategies as st

from api.oversight.risk import FINDING, FULL, KITCHEN, LIFT, Reason, points, reasons, score

NOTHING = {term.name: 0 for term in (*KITCHEN, *LIFT, *FINDING)}


def test_a_place_without_anything_has_no_reason_and_no_score() -> None:
    for terms in (KITCHEN, LIFT, FINDING):
        assert reasons(NOTHING, terms) == []
        assert score(NOTHING, terms) == 0


def test_the_weightiest_reason_comes_first_and_a_term_has_an_end() -> None:
    row = {**NOTHING, "late": 9, "open": 1, "class_i": 1}
    assert reasons(row, KITCHEN) == [Reason("late", 9, 30), Reason("class_i", 1, 25), Reason("open", 1, 2)]
    assert score(row, KITCHEN) == 57


def test_people_trapped_again_weigh_more_than_a_lift_that_is_silent() -> None:
    again, silent = {**NOTHING, "trapped_again": 1}, {**NOTHING, "silent": 1}
    assert score(again, LIFT) > score(silent, LIFT)


def test_an_immediate_finding_stands_before_any_other_class() -> None:
    row = {**NOTHING, "class_i": 1}
    others = [{**NOTHING, name: 1} for name in ("class_ii", "class_iii", "class_d")]
    assert all(score(row, FINDING) > score(other, FINDING) for other in others)


@given(st.fixed_dictionaries({name: st.integers(0, 10_000) for name in NOTHING}))
def test_a_score_is_never_more_than_full_and_more_of_anything_is_never_less(row: dict[str, int]) -> None:
    for terms in (KITCHEN, LIFT, FINDING):
        found = score(row, terms)
        assert 0 <= found <= FULL
        assert all(score({**row, term.name: row[term.name] + 1}, terms) >= found for term in terms)


def test_the_statements_get_every_point() -> None:
    assert points(KITCHEN)["class_i_each"] == 25.0
    assert len(points(LIFT)) == 2 * len(LIFT)
