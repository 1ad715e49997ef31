import numpy as np
import pytest

from models.suppress import suppress

A, NEAR_A, B = [0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        ([], [], []),
        ([A], [0.5], [0]),
        ([A, NEAR_A], [0.5, 0.9], [1]),
        ([A, B], [0.5, 0.9], [1, 0]),
        ([A, NEAR_A, B], [0.9, 0.8, 0.7], [0, 2]),
        ([A, A], [0.5, 0.5], [0]),
        ([[5, 5, 5, 5], A], [0.9, 0.5], [0, 1]),
    ],
)
def test_the_best_of_boxes_on_each_other_stays(boxes: list[list[int]], scores: list[float], kept: list[int]) -> None:
    found = suppress(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), 0.5)
    assert found.tolist() == kept
