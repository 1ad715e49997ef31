from pathlib import Path

import msgspec
import numpy as np
import pytest

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, Detection, Worn
from models.evaluate.match import Attribute, Found, compare, owners_of
from models.labels import Picture, regions_of

HEAD, PERSON = 0.0, 1.0
TRUTH = np.array([[0, 0, 10, 10], [100, 100, 120, 120]], np.float32)


@pytest.mark.parametrize(
    ("boxes", "owners"),
    [
        ([], []),
        ([Box(0, 0, 10, 10)], [0]),
        ([Box(0, 0, 10, 4)], [None]),
        ([Box(0, 0, 10, 10), Box(0, 0, 10, 11)], [0, None]),
        ([Box(101, 100, 120, 120), Box(0, 0, 10, 10)], [1, 0]),
    ],
)
def test_a_labelled_object_is_found_once(boxes: list[Box], owners: list[int | None]) -> None:
    assert owners_of(TRUTH, boxes) == owners


def head(score: float, hat: Wear, at: int = 0) -> Detection:
    worn = {Wear.WORN: 0.9, Wear.NOT_WORN: 0.1, Wear.UNKNOWN: 0.5}[hat]
    return Detection(ObjectKind.HEAD, Box(at, at, at + 10, at + 10), score, Worn(hat, worn), None)


OBJECTS = np.array(
    [[HEAD, 0, 0, 10, 10, 0, 1], [HEAD, 50, 50, 60, 60, 1, -1], [PERSON, 0, 0, 50, 90, -1, -1]], np.float32
)
PICTURE = Picture(Path("a"), "some", "val", OBJECTS, regions_of([]), np.zeros((0, 4), np.float32))


def test_what_lies_where_nobody_looked_is_not_held_against_the_detector() -> None:
    crowd = regions_of([(HEAD, 190, 190, 260, 260), (PERSON, 0, 0, 300, 300)])
    picture = msgspec.structs.replace(PICTURE, ignored=crowd)
    seen = [head(0.9, Wear.WORN, at=200), head(0.8, Wear.WORN, at=100), head(0.7, Wear.WORN)]
    outcome = compare(picture, ObjectKind.HEAD, seen, longer_side=100, floor=0.5)
    assert outcome.found == (Found(0.8, False), Found(0.7, True))


def test_one_kind_is_looked_at_and_the_best_score_comes_first() -> None:
    person = Detection(ObjectKind.PERSON, Box(0, 0, 50, 90), 0.95)
    seen = [head(0.3, Wear.WORN), head(0.8, Wear.NOT_WORN), person]
    outcome = compare(PICTURE, ObjectKind.HEAD, seen, longer_side=100, floor=0.5)
    assert outcome.found == (Found(0.8, True), Found(0.3, False))
    assert [score for _, score in outcome.shares] == [0.8, 0.0]
    assert [share for share, _ in outcome.shares] == pytest.approx([0.1, 0.1])


def test_attributes_count_where_they_are_labelled_and_the_head_is_acted_on() -> None:
    seen = [head(0.8, Wear.NOT_WORN), head(0.4, Wear.WORN, at=50)]
    outcome = compare(PICTURE, ObjectKind.HEAD, seen, longer_side=100, floor=0.5)
    # The second head was found below the threshold: nothing was said about it.
    assert outcome.hat == (Attribute(False, Wear.NOT_WORN, 0.1), Attribute(True, None, None))
    assert outcome.mask == (Attribute(True, None, None),)
