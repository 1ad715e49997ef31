import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.letterbox import blob, fit
from models.registry import InputSpec

FREE = InputSpec(width=416, height=416, colour="bgr", free=True)
FIXED = InputSpec(width=416, height=416, colour="bgr")
STRETCHED = InputSpec(width=640, height=480, colour="rgb", fit="stretch", mean=127, divisor=128)
sides = st.integers(16, 4000)


@given(height=sides, width=sides, spec=st.sampled_from([FREE, FIXED, STRETCHED]), data=st.data())
def test_a_box_goes_in_and_comes_back(height: int, width: int, spec: InputSpec, data: st.DataObject) -> None:
    x = sorted(data.draw(st.tuples(*[st.floats(0, width)] * 2)))
    y = sorted(data.draw(st.tuples(*[st.floats(0, height)] * 2)))
    box = np.array([[x[0], y[0], x[1], y[1]]], np.float32)
    where = fit((height, width), spec)
    inside = box * np.array([where.sx, where.sy, where.sx, where.sy], np.float32)
    assert where.back(inside, (height, width)) == pytest.approx(box, rel=1e-4, abs=1e-2)


@given(height=sides, width=sides)
def test_the_free_input_is_in_steps_within_its_limits_and_holds_the_picture(height: int, width: int) -> None:
    where = fit((height, width), FREE)
    assert where.height % 32 == 0 and where.width % 32 == 0
    assert 32 <= where.height <= 416 and 32 <= where.width <= 416
    assert width * where.sx <= where.width + 1 and height * where.sy <= where.height + 1


@pytest.mark.parametrize(
    ("picture", "size"),
    [((1080, 1920), (256, 416)), ((360, 640), (256, 416)), ((960, 540), (416, 256)), ((224, 224), (416, 416))],
)
def test_a_wide_camera_costs_less_than_a_square_one(picture: tuple[int, int], size: tuple[int, int]) -> None:
    where = fit(picture, FREE)
    assert (where.height, where.width) == size


@pytest.mark.parametrize(
    ("picture", "size"), [((1080, 1920), (256, 416)), ((480, 640), (320, 416)), ((224, 224), (352, 352))]
)
def test_a_limit_of_pixels_shrinks_square_pictures_only(picture: tuple[int, int], size: tuple[int, int]) -> None:
    spec = InputSpec(width=416, height=416, colour="bgr", free=True, pixels=352 * 352)
    where = fit(picture, spec)
    assert (where.height, where.width) == size and where.sx == where.sy


def test_boxes_are_clipped_to_the_picture() -> None:
    where = fit((100, 200), FIXED)
    assert where.back(np.array([[-50, -50, 900, 900]], np.float32), (100, 200)).tolist() == [[0, 0, 200, 100]]


def test_the_picture_lies_in_the_corner_and_the_rest_is_padding() -> None:
    image = np.full((100, 200, 3), (10, 20, 30), np.uint8)
    packed = blob(image, fit((100, 200), FIXED), FIXED)
    assert packed.shape == (1, 3, 416, 416) and packed.dtype == np.float32
    assert packed[0, :, 100, 100].tolist() == [10, 20, 30]
    assert packed[0, :, 300, 100].tolist() == [114, 114, 114]


def test_colour_order_mean_and_divisor_are_the_models_own() -> None:
    image = np.full((48, 64, 3), (127, 127, 255), np.uint8)
    packed = blob(image, fit((48, 64), STRETCHED), STRETCHED)
    assert packed.shape == (1, 3, 480, 640)
    assert packed[0, :, 0, 0].tolist() == [1.0, 0.0, 0.0]


def test_shrinking_takes_means_so_that_a_fine_pattern_does_not_flicker() -> None:
    image = np.random.default_rng(1).integers(0, 256, (1080, 1920, 3), np.uint8)
    inside = blob(image, fit((1080, 1920), FREE), FREE)[0, :, :230, :410]
    assert inside.mean() == pytest.approx(127.5, abs=2)
    assert inside.std() < 25, "nearest or plain linear sampling would keep the noise of 74"


@pytest.mark.parametrize(
    ("picture", "size"), [((1080, 1920), (288, 512)), ((224, 224), (384, 384)), ((100, 160), (160, 256))]
)
def test_a_small_picture_is_enlarged_only_so_far(picture: tuple[int, int], size: tuple[int, int]) -> None:
    where = fit(picture, InputSpec(width=512, height=512, colour="bgr", free=True, pixels=147456, enlarge=1.6))
    assert (where.height, where.width) == size and where.sx == where.sy <= 1.6
