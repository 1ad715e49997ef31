"""Charts of two periods are well-formed, draw nothing that is not known, and keep intervals on their scale."""

from math import inf
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from api.intervals import Estimate
from api.paired_charts import CELL, columns, lying, whisker

VALUE = st.none() | st.floats(0, 1e6)


@given(st.lists(st.tuples(VALUE, VALUE), max_size=40))
def test_a_column_for_everything_that_is_known(pairs: list[tuple[float | None, float | None]]) -> None:
    now, before = [a for a, _ in pairs], [b for _, b in pairs]
    drawn = ElementTree.fromstring(columns([f"<{n}>" for n in range(len(pairs))], now, before, "a & b"))
    kinds = [rect.attrib["class"] for rect in drawn.findall("rect")]
    assert kinds.count("before") == sum(value is not None for value in before)
    assert kinds.count("bar-fill") == sum(value is not None for value in now)
    assert kinds.count("nothing") == sum(value is None for value in now)
    _, _, _, height = map(float, drawn.attrib["viewBox"].split())
    for rect in drawn.findall("rect"):
        assert float(rect.attrib["y"]) >= 0 and float(rect.attrib["y"]) + float(rect.attrib["height"]) <= height


@given(st.lists(st.tuples(VALUE, VALUE), max_size=12))
def test_a_row_for_each_name(pairs: list[tuple[float | None, float | None]]) -> None:
    drawn = ElementTree.fromstring(
        lying([str(n) for n in range(len(pairs))], [a for a, _ in pairs], [b for _, b in pairs], "causes")
    )
    assert len(drawn.findall("rect")) == sum(value is not None for pair in pairs for value in pair)
    _, _, width, _ = map(float, drawn.attrib["viewBox"].split())
    assert all(float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width for rect in drawn.findall("rect"))


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100) | st.just(inf), st.floats(0.1, 90), st.floats(0, 50))
def test_an_interval_stays_in_its_cell(value: float, below: float, above: float, top: float, low: float) -> None:
    drawn = whisker(Estimate(value, max(0.0, value - below), value + above, 5), top, "±", goal=top / 2, low=low)
    if top <= low:
        assert drawn == ""
        return
    found = ElementTree.fromstring(drawn)
    reach = next(line for line in found.findall("line") if line.attrib["class"] == "reach")
    dot = found.find("circle")
    assert dot is not None
    assert 0 < float(reach.attrib["x1"]) <= float(dot.attrib["cx"]) <= float(reach.attrib["x2"]) < CELL


def test_nothing_known_is_nothing_drawn() -> None:
    assert whisker(None, 10.0, "x") == ""
