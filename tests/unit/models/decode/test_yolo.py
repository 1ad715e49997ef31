import numpy as np
import pytest
from numpy.typing import NDArray

from models.decode.yolo import decode_v5, decode_v8

SIZE = (32, 32)
POINTS = 16 + 4 + 1


def v8(classes: int = 2) -> NDArray[np.float32]:
    rows = np.zeros((1, POINTS, 4 + classes), np.float32)
    rows[0, 7] = [10, 12, 4, 6, 0.1, 0.8][: 4 + classes]
    return rows


def test_v8_reads_both_layouts_alike() -> None:
    for layout in (v8(), v8().transpose(0, 2, 1)):
        found = decode_v8([layout], SIZE)
        assert found.boxes[7, 0] == pytest.approx([8, 9, 12, 15])
        assert found.scores[7] == pytest.approx([0.1, 0.8])


def test_v5_has_three_anchors_and_multiplies_with_the_objectness() -> None:
    rows = np.zeros((1, 3 * POINTS, 7), np.float32)
    rows[0, 50] = [10, 12, 4, 6, 0.5, 0.8, 0.2]
    for layout in (rows, rows.transpose(0, 2, 1)):
        found = decode_v5([layout, np.zeros((1, 3, 4, 4, 7), np.float32)], SIZE)
        assert found.boxes[50, 0] == pytest.approx([8, 9, 12, 15])
        assert found.scores[50] == pytest.approx([0.4, 0.1])


def test_logits_are_squashed() -> None:
    rows = v8()
    rows[0, :, 4:] = -20
    rows[0, 3, 4] = 0
    assert decode_v8([rows], SIZE).scores[3] == pytest.approx([0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("shape", [(1, POINTS, 4), (1, POINTS + 1, 6), (2, POINTS, 6), (POINTS, 6)])
def test_another_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"expected \(1, {POINTS}, 4 \+ classes\)"):
        decode_v8([np.zeros(shape, np.float32)], SIZE)


def test_v8_is_not_taken_for_v5() -> None:
    with pytest.raises(ValueError, match=rf"expected \(1, {3 * POINTS}, 5 \+ classes\)"):
        decode_v5([v8()], SIZE)
