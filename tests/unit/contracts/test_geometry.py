"""Distances against known ones; points in polygons; boxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.geometry import distance_m, inside
from contracts.vision import Box, iou

LAT, LON = st.floats(-90, 90), st.floats(-180, 180)
SQUARE = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((22.5170, 113.3820), (22.5170, 113.3820), 0.0),
        ((0.0, 0.0), (0.0, 1.0), 111_195.0),
        ((48.8566, 2.3522), (51.5074, -0.1278), 343_556.0),
    ],
)
def test_known_distances(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert distance_m(a, b) == pytest.approx(metres, rel=1e-3, abs=0.1)


@given(LAT, LON, LAT, LON)
def test_distance_is_symmetric_and_bounded(a: float, b: float, c: float, d: float) -> None:
    assert distance_m((a, b), (c, d)) == pytest.approx(distance_m((c, d), (a, b)), abs=1e-3)
    assert 0 <= distance_m((a, b), (c, d)) <= 20_016_000


@pytest.mark.parametrize(("point", "held"), [((1, 1), True), ((5, 1), False), ((-1, 2), False), ((3.9, 3.9), True)])
def test_points_in_a_square(point: tuple[float, float], held: bool) -> None:
    assert inside(point, SQUARE) is held


def test_an_empty_polygon_holds_everything() -> None:
    assert inside((1000, -1000), [])


def test_overlap_of_boxes() -> None:
    assert iou(Box(0, 0, 2, 2), Box(0, 0, 2, 2)) == 1
    assert iou(Box(0, 0, 2, 2), Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou(Box(0, 0, 1, 1), Box(1, 1, 2, 2)) == 0
