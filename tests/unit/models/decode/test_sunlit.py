import numpy as np
import pytest

from models.decode.sunlit import decode

SIZE = (64, 32)
POINTS = 8 * 4 + 4 * 2 + 2 * 1


def rows() -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    return np.zeros((1, POINTS, 12), np.float32)


@pytest.mark.parametrize(
    ("index", "centre", "stride"),
    [(0, (4, 4), 8), (5, (12, 12), 8), (32, (8, 8), 16), (39, (24, 56), 16), (40, (16, 16), 32), (41, (16, 48), 32)],
)
def test_a_box_reaches_one_stride_to_each_side_where_the_exponents_are_zero(
    index: int, centre: tuple[int, int], stride: int
) -> None:
    boxes = decode([rows()], SIZE).boxes
    x, y = centre
    expected = [x - stride, y - stride, x + stride, y + stride]
    assert boxes[index].tolist() == [expected, expected]


def test_sides_are_left_top_right_bottom_and_heads_and_people_have_their_own() -> None:
    raw = rows()
    raw[0, 0, 1:5] = np.log([1, 2, 3, 4])
    raw[0, 0, 8:12] = np.log([4, 3, 2, 1])
    boxes = decode([raw], SIZE).boxes
    assert boxes[0, 0] == pytest.approx([-4, -12, 28, 36], abs=1e-4)
    assert boxes[0, 1] == pytest.approx([-28, -20, 20, 12], abs=1e-4)


def test_scores_and_attributes_stand_in_their_columns() -> None:
    raw = rows()
    raw[0, 7, [0, 5, 6, 7]] = [0.9, 0.1, 0.8, 0.3]
    found = decode([raw], SIZE)
    assert found.scores[7] == pytest.approx([0.9, 0.3])
    assert found.hat is not None and found.hat[7] == pytest.approx(0.1)
    assert found.mask is not None and found.mask[7] == pytest.approx(0.8)


def test_a_huge_exponent_stays_a_number() -> None:
    raw = rows()
    raw[0, :, 1:5] = 1e9
    assert np.isfinite(decode([raw], SIZE).boxes).all()


@pytest.mark.parametrize("shape", [(1, POINTS - 1, 12), (1, POINTS, 11), (2, POINTS, 12)])
def test_another_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"expected \[\(1, {POINTS}, 12\)\]"):
        decode([np.zeros(shape, np.float32)], SIZE)
