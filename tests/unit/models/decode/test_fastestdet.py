import numpy as np
import pytest

from models.decode.fastestdet import decode

SIZE = (32, 48)


def test_a_cell_gives_centre_size_and_score() -> None:
    grid = np.zeros((1, 7, 2, 3), np.float32)
    grid[0, :, 1, 2] = [0.25, 0, 0, 0, 0, 1.0, 0.5]
    found = decode([grid], SIZE)
    # Column 2, row 1 of stride 16; sizes are half of the input.
    assert found.boxes[5, 0] == pytest.approx([20, 8, 44, 24], abs=1e-3)
    assert found.scores[5] == pytest.approx([0.25**0.6, 0.25**0.6 * 0.5**0.4])


@pytest.mark.parametrize("shape", [(1, 7, 3, 2), (1, 5, 2, 3), (1, 7, 6)])
def test_another_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \[\(1, 5 \+ classes, 2, 3\)\]"):
        decode([np.zeros(shape, np.float32)], SIZE)
