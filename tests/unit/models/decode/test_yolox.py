import numpy as np
import pytest

from models.decode.yolox import decode

SIZE = (32, 32)
POINTS = 16 + 4 + 1


def raw(classes: int = 2) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    return np.zeros((1, POINTS, 5 + classes), np.float32)


def test_centre_and_size_count_in_strides_from_the_cell() -> None:
    rows = raw()
    rows[0, 5, :4] = [0.5, 0.5, np.log(2), np.log(4)]
    # Cell (1, 1) of stride 8: centre (12, 12), 16 wide, 32 high.
    assert decode([rows], SIZE).boxes[5, 0] == pytest.approx([4, -4, 20, 28], abs=1e-4)


def test_scores_between_0_and_1_are_taken_as_they_are() -> None:
    rows = raw()
    rows[0, 0, 4:] = [0.5, 0.8, 0.2]
    assert decode([rows], SIZE).scores[0] == pytest.approx([0.4, 0.1])


def test_logits_are_squashed() -> None:
    rows = raw()
    rows[0, :, 4:] = -20
    rows[0, 0, 4:] = [20, 0, -20]
    assert decode([rows], SIZE).scores[0] == pytest.approx([0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("shape", [(1, POINTS + 1, 7), (1, POINTS, 5), (POINTS, 7)])
def test_another_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"expected .*{POINTS}, 5 \\+ classes"):
        decode([np.zeros(shape, np.float32)], SIZE)
