import numpy as np
import pytest

from models.decode.ssd import decode, decode_faces


def outputs() -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    scores = np.array([[[0.1, 0.7, 0.2]]], np.float32)
    boxes = np.array([[[0.4, 0.5, 0.6, 0.75]]], np.float32)
    return [scores, boxes]


def test_boxes_are_scaled_and_the_background_is_left_out() -> None:
    found = decode(outputs(), (200, 100))
    assert found.boxes[0, 0] == pytest.approx([40, 100, 60, 150], abs=1e-3)
    assert found.scores[0] == pytest.approx([0.7, 0.2])
    assert found.hat is None and found.mask is None


def test_a_face_box_is_widened_to_the_head_above_it() -> None:
    assert decode_faces(outputs(), (200, 100)).boxes[0, 0] == pytest.approx([10, 55, 90, 155], abs=1e-3)


def test_rows_of_seven_count_classes_from_one_and_end_with_no_image() -> None:
    rows = np.array([[0, 2, 0.9, 0.1, 0.2, 0.3, 0.4], [-1, 0, 0, 0, 0, 0, 0]], np.float32)
    found = decode([rows[None, None]], (100, 200))
    assert found.scores.shape[0] == 1 and found.scores[0].argmax() == 1
    assert found.scores[0, 1] == pytest.approx(0.9)
    assert found.boxes[0, 0] == pytest.approx([20, 20, 60, 40], abs=1e-3)


@pytest.mark.parametrize("shapes", [[(1, 5, 3)], [(1, 5, 1), (1, 5, 4)], [(1, 5, 3), (1, 4, 4)], [(1, 2, 5, 7)]])
def test_other_shapes_are_named(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"expected \[\(1, N, 1 \+ classes\), \(1, N, 4\)\]"):
        decode([np.zeros(shape, np.float32) for shape in shapes], (10, 10))
