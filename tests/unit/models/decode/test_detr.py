import numpy as np
import pytest
from numpy.typing import NDArray

from models.decode.detr import CLASSES, decode

SIZE = (100, 200)
LABELS = np.array([2, 0, -1], np.int64)
BOXES = np.array([[10, 20, 30, 40], [1, 2, 3, 4], [0, 0, 9, 9]], np.float32)
SCORES = np.array([0.9, 0.4, 0.8], np.float32)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("batched", [True, False])
def test_labels_boxes_and_scores_are_told_apart_in_any_order(order: tuple[int, ...], batched: bool) -> None:
    parts: list[NDArray[np.float32]] = [LABELS, BOXES, SCORES]  # type: ignore[list-item]
    found = decode([parts[i][None] if batched else parts[i] for i in order], SIZE)
    assert found.boxes[:, 0].tolist() == BOXES.tolist()
    assert found.scores.shape == (3, CLASSES)
    assert found.scores[0, 2] == pytest.approx(0.9) and found.scores[1, 0] == pytest.approx(0.4)
    assert found.scores[2].max() == 0, "a label below zero is no class"


def test_a_single_query_with_its_batch_axis_squeezed() -> None:
    found = decode([LABELS[:1], BOXES[:1], SCORES[:1]], SIZE)  # type: ignore[list-item]
    assert found.boxes[0, 0].tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize("swapped", [True, False])
def test_logits_and_shares_of_the_picture(swapped: bool) -> None:
    logits = np.array([[[0.0, -30, 30, -30, -30]]], np.float32)
    boxes = np.array([[[0.5, 0.5, 0.1, 0.2]]], np.float32)
    found = decode([boxes, logits] if swapped else [logits, boxes], SIZE)
    assert found.boxes[0, 0] == pytest.approx([90, 40, 110, 60])
    assert found.scores[0] == pytest.approx([0.5, 0, 1, 0, 0], abs=1e-6)


def test_one_tensor_of_boxes_and_scores() -> None:
    rows = np.array([[[0.5, 0.5, 0.1, 0.2, 0.7, 0.1]]], np.float32)
    found = decode([rows], SIZE)
    assert found.boxes[0, 0] == pytest.approx([90, 40, 110, 60])
    assert found.scores[0] == pytest.approx([0.7, 0.1])


@pytest.mark.parametrize("shapes", [[(5, 4), (5,), (6,)], [(1, 5, 4), (1, 6, 3)], [(5, 4)], [(2, 5, 9)], []])
def test_other_shapes_are_named(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="expected labels"):
        decode([np.zeros(shape, np.float32) for shape in shapes], SIZE)
