import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vision import Box
from models.crops import crop

sides = st.floats(-300, 900)


def test_the_square_is_centred_on_the_box_and_a_tenth_wider() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[145:255, 145:255] = 255
    cut = crop(image, Box(150, 160, 250, 240), 96)
    assert cut.shape == (96, 96, 3) and cut.dtype == np.uint8
    assert (cut == 255).mean() > 0.97


def test_what_is_outside_the_picture_is_grey() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    cut = crop(image, Box(-50, -50, 50, 50), 96)
    assert (cut[:40, :40] == 114).all() and (cut[60:, 60:] == 255).all()


@given(x=st.tuples(sides, sides), y=st.tuples(sides, sides), side=st.sampled_from([32, 96]))
def test_any_box_gives_a_crop(x: tuple[float, float], y: tuple[float, float], side: int) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    assert crop(image, Box(min(x), min(y), max(x), max(y)), side).shape == (side, side, 3)


def test_a_large_head_is_shrunk_by_means() -> None:
    image = np.random.default_rng(1).integers(0, 256, (800, 800, 3), np.uint8)
    assert crop(image, Box(0, 0, 780, 780), 96).std() < 20
    assert crop(image, Box(0, 0, 780, 780), 96).mean() == pytest.approx(127, abs=4)
