import numpy as np
import pytest

from models.decode.ulfg import decode, decode_faces


def outputs() -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    scores = np.array([[[0.1, 0.7, 0.2]]], np.float32)
    boxes = np.array([[[0.4, 0.5, 0.6, 0.75]]], np.float32)
    return [scores, boxes]


def test_face_boxes_are_scaled_and_the_background_is_left_out() -> None:
    found = decode_faces(outputs(), (200, 100))
    assert found.boxes[0, 0] == pytest.approx([40, 100, 60, 150], abs=1e-3)
    assert found.scores[0] == pytest.approx([0.7, 0.2])
    assert found.hat is None and found.mask is None


def test_the_head_box_covers_the_headwear_above_the_face() -> None:
    assert decode(outputs(), (200, 100)).boxes[0, 0] == pytest.approx([10, 55, 90, 155], abs=1e-3)


@pytest.mark.parametrize("shapes", [[(1, 5, 3)], [(1, 5, 1), (1, 5, 4)], [(1, 5, 3), (1, 4, 4)]])
def test_other_shapes_are_named(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"expected \[\(1, N, 1 \+ classes\), \(1, N, 4\)\]"):
        decode([np.zeros(shape, np.float32) for shape in shapes], (10, 10))
