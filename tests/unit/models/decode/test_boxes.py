import numpy as np
import pytest

from models import labels
from models.decode.boxes import corners, heads, squashed


def test_corners_lie_half_a_size_from_the_centre() -> None:
    one = corners(np.array([[10, 20]], np.float32), np.array([[4, 6]], np.float32))
    assert one.tolist() == [[8, 17, 12, 23]]


def test_the_head_of_a_face_is_what_the_labels_say() -> None:
    faces = np.array([[40, 60, 70, 100]], np.float32)
    assert heads(faces)[0] == pytest.approx(labels.head_of_face(40, 60, 30, 40))


def test_only_scores_beyond_0_and_1_are_squashed() -> None:
    assert squashed(np.array([0.2, 1.0], np.float32)).tolist() == pytest.approx([0.2, 1.0])
    assert squashed(np.array([0.0, 2.0], np.float32))[0] == pytest.approx(0.5)
    assert not squashed(np.zeros(0, np.float32)).size
