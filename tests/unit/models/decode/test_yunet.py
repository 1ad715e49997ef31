import numpy as np
import pytest
from numpy.typing import NDArray

from models.decode.yunet import decode

SIZE = (32, 32)
COUNTS = (16, 4, 1)


def outputs() -> list[NDArray[np.float32]]:
    return [np.zeros((1, count, width), np.float32) for width in (1, 1, 4, 10) for count in COUNTS]


def test_the_face_at_a_cell_is_widened_to_its_head() -> None:
    parts = outputs()
    # Stride 16, cell (1, 0): the centre moves by half a cell, the face is 16 wide and 16 high.
    parts[1][0, 1], parts[4][0, 1] = 0.64, 0.25
    parts[7][0, 1] = [0.5, 0.5, 0, 0]
    found = decode(parts, SIZE)
    assert found.scores[17, 0] == pytest.approx(0.4)
    assert found.boxes[17, 0] == pytest.approx([24 - 12.8, 0 - 14.4, 24 + 12.8, 0 + 17.6])


def test_other_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"expected \[\(1, 16, 1\), \(1, 4, 1\)"):
        decode(outputs()[:9], SIZE)
