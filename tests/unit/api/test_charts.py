"""Charts are well-formed, strips show gaps as gaps."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from api.board.strips import WIDTH, strips, x_of
from api.charts import LEAST, bars, histogram, share_bar

T0 = datetime(2026, 11, 24, tzinfo=UTC)


@given(st.lists(st.tuples(st.text(max_size=8), st.floats(0, 1e6)), max_size=12), st.none() | st.floats(0, 100))
def test_bars_are_well_formed(rows: list[tuple[str, float]], goal: float | None) -> None:
    clean = [("".join(c for c in name if c.isprintable()), value) for name, value in rows]
    drawn = ElementTree.fromstring(bars(clean, "a <label> & more", goal))
    assert len(drawn.findall("rect")) == len(rows)


def test_many_bars_lie_down_each_in_a_row_of_its_own() -> None:
    drawn = ElementTree.fromstring(bars([(f"town {n}", 10.0 * (n % 10)) for n in range(23)], "towns", 80.0, 100.0))
    rows = [float(rect.attrib["y"]) for rect in drawn.findall("rect")]
    assert rows == sorted(set(rows))
    assert len(rows) == 23
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    assert height >= rows[-1]
    assert all(float(rect.attrib["x"]) + float(rect.attrib["width"]) < width for rect in drawn.findall("rect"))
    (goal,) = drawn.findall("line")
    assert goal.attrib["x1"] == goal.attrib["x2"]


def test_a_histogram_counts_every_value_once() -> None:
    drawn = histogram([1, 5, 9.9, 10, 400], (0, 5, 10), "x", "min")
    values = [item.text for item in ElementTree.fromstring(drawn).findall("text")][::2]
    assert values == ["1", "2", "2"]


def sample(seconds: float, **values: object) -> dict[str, object]:
    empty = dict.fromkeys(("position", "speed", "door_closed", "passenger", "load"))
    return {**empty, "time": T0 + timedelta(seconds=seconds), **values}


def test_strips_leave_gaps_where_nothing_is_known() -> None:
    stop = T0 + timedelta(seconds=100)
    found = {
        strip.key: strip
        for strip in strips(
            [sample(0, speed=0.0), sample(5, speed=1.5), sample(60, speed=0.0), sample(100, speed=0.0)], T0, stop
        )
    }
    assert len(found["speed"].lines) == 3
    assert found["speed"].gaps == ((30.0, 330.0), (360.0, 240.0))
    assert found["load"].lines == ()
    assert found["load"].gaps == ((0.0, WIDTH),)
    assert found["speed"].last == 0


def test_a_door_is_drawn_in_steps() -> None:
    drawn = strips([sample(0, door_closed=True), sample(10, door_closed=False)], T0, T0 + timedelta(seconds=10))
    assert len(next(strip for strip in drawn if strip.key == "door_closed").lines[0].split()) == 3


def test_places_in_time() -> None:
    stop = T0 + timedelta(seconds=10)
    assert [x_of(T0 + timedelta(seconds=s), T0, stop) for s in (-5, 0, 5, 10, 15)] == [0, 0, 300, 600, 600]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5))
def test_whatever_is_not_zero_can_be_seen(counts: list[int]) -> None:
    drawn = share_bar([(f"<{n}>", count, "stored") for n, count in enumerate(counts)], "of all")
    if not sum(counts):
        assert drawn == ""
        return
    widths = [float(rect.attrib["width"]) for rect in ElementTree.fromstring(drawn).findall("rect")]
    assert len(widths) == sum(1 for count in counts if count)
    assert min(widths) >= LEAST - 0.1
    assert abs(sum(widths) - 560) < 0.5
