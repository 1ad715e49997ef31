import numpy as np
import pytest

from models.labels import HEAD
from models.train import drawn


@pytest.mark.parametrize("seed", range(25))
def test_a_scene_is_repeatable_and_its_heads_lie_inside(seed: int) -> None:
    image, objects, ignored = drawn.scene(seed)
    again, same, _ = drawn.scene(seed)
    assert image.shape == (360, 640, 3) and image.dtype == np.uint8
    assert np.array_equal(image, again) and np.array_equal(objects, same)
    assert len(ignored) == 0
    assert (objects[:, 1] >= 0).all() and (objects[:, 3] <= 640).all() and (objects[:, 4] <= 360).all()
    heads = objects[objects[:, 0] == HEAD]
    assert 2 * len(heads) == len(objects)
    assert np.isin(heads[:, 5], [0, 1]).all()
