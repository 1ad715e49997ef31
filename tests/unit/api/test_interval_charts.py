"""Dots on their intervals: what is drawn of what is known, and what is not."""

from math import inf

from api.interval_charts import dots
from api.intervals import Estimate


def test_every_known_value_is_a_dot_and_an_unknown_one_is_hatched() -> None:
    drawn = dots(["a", "b"], [Estimate(5, 4, 6, 9), None], "label")
    assert drawn.count("<circle") == 1
    assert 'class="nothing"' in drawn
    assert "<title>a: 5 (4–6)</title>" in drawn


def test_an_endless_interval_ends_at_the_top_and_a_goal_is_dashed() -> None:
    drawn = dots(["a"], [Estimate(5, 4, inf, 1)], "label", goal=8)
    assert 'class="goal"' in drawn and "inf" not in drawn.replace("4–inf", "")


def test_names_are_escaped() -> None:
    assert "<script" not in dots(["<script>"], [Estimate(1, 0, 2, 1)], '"<script>"')


def test_nothing_at_all_can_be_drawn() -> None:
    assert dots([], [], "label").startswith("<svg")
