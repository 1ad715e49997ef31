"""Which ways are asked of a routing server, and which of its answers are believed."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.help.coverage import Place, Station
from alerting.help.routes import MOST_POINTS, NEAREST, Ask, RoutingError, Way, answer, asks, question, wanted

A, B = (22.50, 113.40), (22.60, 113.40)
X, Y = (22.52, 113.41), (22.58, 113.42)
ASK = Ask((A, B), (X, Y), frozenset({(A, X), (B, X), (B, Y)}))


def said(**parts: object) -> bytes:
    good = {"code": "Ok", "durations": [[300, 900], [900, 320]], "distances": [[2600, 9000], [9100, 3000]]}
    return json.dumps({**good, **parts}).encode()


def test_a_question_has_the_longitude_first() -> None:
    assert question(ASK) == (
        "/table/v1/driving/113.400000,22.500000;113.400000,22.600000;113.410000,22.520000;113.420000,22.580000"
        "?sources=0;1&destinations=2;3&annotations=duration,distance"
    )


def test_the_ways_that_were_asked_for_are_kept() -> None:
    assert answer(said(), ASK) == [Way(A, X, 300, 2600), Way(B, X, 900, 9100), Way(B, Y, 320, 3000)]
    assert answer(said(distances=None), ASK)[0] == Way(A, X, 300, None)
    nowhere = answer(said(durations=[[None, 900], [900, 320]]), ASK)
    assert nowhere[0] == Way(A, X, None, None), "no way by road, so it is estimated"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "expected an answer of OSRM's table service"),
        (b"<html>502 Bad Gateway</html>", "expected an answer of OSRM's table service"),
        (b"[]", "expected an answer of OSRM's table service"),
        (b"\xff\xfe", "expected an answer of OSRM's table service"),
        (said(code="TooBig", message="Too many table coordinates"), "code: 'TooBig' 'Too many table coordinates'"),
        (said(durations=None), "durations: nothing, expected 2 x 2"),
        (said(durations=[]), "durations: 0 x 0, expected 2 x 2"),
        (said(durations=[[1, 2]]), "durations: 1 x 2, expected 2 x 2"),
        (said(durations=[[1], [2]]), "durations: 2 x 1, expected 2 x 2"),
        (said(distances=[[1]]), "distances: 1 x 1, expected 2 x 2"),
        (said(durations=[[-1, 900], [900, 320]]), "expected an answer"),
        (said(durations=[["soon", 900], [900, 320]]), "expected an answer"),
        (said(durations=[[1e300, 900], [900, 320]]), "expected an answer"),
        (said(durations=[[1, 1], [1, 1]]), r"durations: 1 s for 2\.\d km as the crow flies, expected no more than 180"),
        (said(sources=[{"distance": 9e6}] * 2), "a point is 9000 km from any road, expected a map of this city"),
    ],
)
def test_nonsense_is_not_believed(body: bytes, words: str) -> None:
    with pytest.raises(RoutingError, match=words):
        answer(body, ASK)


def test_one_way_that_cannot_be_is_held_for_unknown() -> None:
    assert answer(said(durations=[[1, 900], [900, 320]]), ASK) == [
        Way(A, X, None, None),
        Way(B, X, 900, 9100),
        Way(B, Y, 320, 3000),
    ]
    off = answer(said(destinations=[{"distance": 3}, {"distance": 80_000}]), ASK)
    assert [way.seconds for way in off] == [300, 900, None], "a lift whose position in the register is wrong"


@given(st.binary(max_size=200) | st.from_type(dict[str, int]).map(lambda value: json.dumps(value).encode()))
def test_no_answer_makes_it_stumble(body: bytes) -> None:
    with pytest.raises(RoutingError):
        answer(body, ASK)


def place(number: int, where: tuple[float, float], unit: int | None = None) -> Place:
    return Place(id=number, town="t", where=where, lifts=1, unit=unit)


def test_the_nearest_of_each_kind_and_the_own_unit_are_asked() -> None:
    stations = [Station(n, "rescue_station", (22.0 + n / 100, 113.0)) for n in range(12)]
    stations += [Station(50, "city_rescue", A), Station(60, "maintenance", B), Station(61, "maintenance", Y)]
    stations += [Station(70, "rescue_station", None)]
    found = wanted([place(1, (22.0, 113.0), 60), place(2, (22.0, 113.0), None)], stations, set())
    assert list(found) == [(22.0, 113.0)]
    assert set(found[22.0, 113.0]) == {B, A, *((22.0 + n / 100, 113.0) for n in range(NEAREST))}
    assert wanted([place(1, X, 60)], [Station(60, "maintenance", B)], {(B, X)}) == {}
    assert wanted([place(1, X)], [], set()) == {}


POINT = st.tuples(st.integers(0, 40).map(lambda n: 22 + n / 50), st.integers(0, 40).map(lambda n: 113 + n / 50))


@given(st.dictionaries(POINT, st.lists(POINT, min_size=1, max_size=30, unique=True), max_size=30), st.integers(3, 40))
def test_questions_are_bounded_and_ask_for_everything_once(
    ways: dict[tuple[float, float], list[tuple[float, float]]], most: int
) -> None:
    made = list(asks(ways, most))
    pairs = [pair for ask in made for pair in ask.pairs]
    assert sorted(pairs) == sorted((start, end) for end, starts in ways.items() for start in starts)
    for ask in made:
        assert len(ask.starts) + len(ask.ends) <= most
        assert ask.pairs <= {(start, end) for start in ask.starts for end in ask.ends}
        points = re.search(r"driving/([^?]*)", question(ask))
        assert points is not None
        assert points[1].count(";") + 1 == len(ask.starts) + len(ask.ends) <= MOST_POINTS
