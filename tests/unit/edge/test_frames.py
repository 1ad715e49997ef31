"""Records survive any cutting of the pipe, and nonsense is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frames import BrokenPipeOfFrames, Reader, Record, Said, image_of, pack

PICTURE = Record(Said.FRAME, 5, 2, 3, 7, bytes(range(18)))
FAULT = Record(Said.FAULT, 6, 0, 0, 0, b"kaputt")


@given(st.lists(st.integers(0, 200), max_size=20))
def test_records_are_put_together_from_any_pieces(cuts: list[int]) -> None:
    data = b"".join(pack(record) + record.body for record in (PICTURE, FAULT, PICTURE))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reader, found = Reader(), []
    for start, end in pairwise(edges):
        found += reader.feed(data[start:end])
    assert found == [PICTURE, FAULT, PICTURE]
    assert image_of(found[0]).shape == (2, 3, 3) and image_of(found[0])[1, 2, 2] == 17


@given(st.binary(min_size=64, max_size=200))
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenPipeOfFrames):
        Reader().feed(data)


def test_a_picture_of_the_wrong_size_is_refused() -> None:
    wrong = PICTURE._replace(height=9)
    with pytest.raises(BrokenPipeOfFrames, match="expected 9 x 3"):
        Reader().feed(pack(wrong) + wrong.body)


def test_planes_become_the_colours_they_were_made_from() -> None:
    import cv2

    image = np.zeros((4, 6, 3), np.uint8)
    image[:, :2], image[:, 2:4], image[:, 4:] = (200, 40, 40), (40, 200, 40), (90, 90, 90)
    planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()
    record = Record(Said.FRAME_I420, 5, 4, 6, 7, planes)
    (found,) = Reader().feed(pack(record) + planes)
    assert image_of(found).shape == (4, 6, 3)
    assert int(np.abs(image_of(found).astype(int) - image).max()) <= 4
    odd = record._replace(height=3)
    with pytest.raises(BrokenPipeOfFrames, match="both even"):
        Reader().feed(pack(odd) + planes)
