"""Where the mark lies in a picture, and how large a picture says that it is."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jpeg import JpegError, size
from api.kitchen.marks import mark


def test_a_mark_stands_around_the_head() -> None:
    found = mark([100, 50, 200, 150], (1000, 500))
    assert found is not None
    assert (found.x, found.y, found.across, found.down) == (90, 40, 120, 120)


@pytest.mark.parametrize(
    ("box", "frame"),
    [
        (None, (100, 100)),
        ([1, 2, 3], (100, 100)),
        ([1, 2, 3, 4], None),
        ([float("nan"), 0, 1, 1], (100, 100)),
        ([500, 500, 600, 600], (100, 100)),
    ],
)
def test_what_lies_in_no_picture_is_not_drawn(box: list[float] | None, frame: tuple[int, int] | None) -> None:
    assert mark(box, frame) is None


@given(st.lists(st.floats(-500, 500), min_size=4, max_size=4))
def test_a_mark_never_leaves_the_picture(box: list[float]) -> None:
    found = mark(box, (320, 180))
    assert found is None or (
        found.x >= 0 and found.y >= 0 and found.x + found.across <= 320.01 and found.y + found.down <= 180.01
    )


@pytest.mark.parametrize("shape", [(48, 64), (720, 1280), (7, 3)])
@pytest.mark.parametrize("progressive", [0, 1])
def test_a_picture_says_its_size(shape: tuple[int, int], progressive: int) -> None:
    made = cv2.imencode(".jpg", np.zeros((*shape, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1]
    assert size(bytes(made)) == shape[::-1]


@given(st.binary(max_size=300))
def test_no_bytes_are_a_traceback(content: bytes) -> None:
    for head in (content, b"\xff\xd8" + content):
        try:
            width, height = size(head)
        except JpegError:
            continue
        assert 0 <= width <= 65535 and 0 <= height <= 65535
