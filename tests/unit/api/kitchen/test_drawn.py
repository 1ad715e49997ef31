"""Charts of a kitchen: whole SVG, hatched where nobody knows."""

import re
from datetime import datetime
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.i18n import LOCAL
from api.kitchen.climate import SPANS
from api.kitchen.drawn import Band, Course, course, strip, weekly
from api.kitchen.sensor_charts import shown, ticks_of
from runtime.api_settings import ClimateLimit

VALUES = st.lists(st.none() | st.floats(-60, 400), max_size=50)


@given(VALUES, st.lists(st.floats(-60, 400), max_size=2))
def test_a_course_is_whole_whatever_it_is_of(values: list[float | None], limits: list[float]) -> None:
    steps = [None if value is None else Band(value - 1, value, value + 1) for value in values]
    svg = course(Course(steps, "°C", limits, [(0, 1)], [(1, 2)]), [(0.5, "<b>")], 'a "label" & more', "x")
    root = fromstring(svg)
    runs = len(re.findall(r"1+", "".join("0" if value is None else "1" for value in values)))
    assert len(root.findall("polyline")) == runs, "no line leads across a gap"
    assert len(root.findall("line[@class='goal']")) == len(limits)
    assert "nan" not in svg and "inf" not in svg


@given(st.lists(st.none() | st.floats(0, 1), max_size=60))
def test_a_strip_hatches_what_is_not_known(shares: list[float | None]) -> None:
    root = fromstring(strip(shares, "sees", "blind", [], "x", "y"))
    hatched = [rect for rect in root.findall("rect") if rect.get("fill", "").startswith("url(#hatch-y)")]
    gaps = len(re.findall(r"0+", "".join("0" if share is None else "1" for share in shares)))
    assert len(hatched) == gaps


@given(st.lists(st.none() | st.integers(0, 50), min_size=1, max_size=30), st.none() | st.floats(0, 50))
def test_weeks_are_columns_and_unknown_ones_hatched(values: list[int | None], goal: float | None) -> None:
    root = fromstring(weekly([str(n) for n in range(len(values))], values, goal, "x", "w"))
    assert sum(rect.get("fill") == "url(#hatch-w)" for rect in root.findall("rect")) == values.count(None)
    assert len(root.findall("line[@class='goal']")) == (goal is not None)


@pytest.mark.parametrize("name", SPANS)
def test_an_axis_has_a_few_round_times(name: str) -> None:
    span = SPANS[name]
    ticks = ticks_of(datetime(2026, 11, 25, 12, 35, tzinfo=LOCAL), span)
    assert 4 <= len(ticks) <= 8
    shares = [share for share, _ in ticks]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    assert all(re.fullmatch(r"\d\d:00" if name == "day" else r"\d\d-\d\d", words) for _, words in ticks)


def test_a_sensor_that_nobody_heard_has_no_chart_and_is_said() -> None:
    span = SPANS["day"]
    row = {"code": "s-1"}
    found = shown(row, "x", [None] * span.steps, datetime(2026, 1, 1, tzinfo=LOCAL), span, ClimateLimit(), str)
    assert (dict(found.drawn), found.extremes, found.unheard_s) == ({}, None, 86_400)
