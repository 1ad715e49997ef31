import random

import numpy as np
import pytest

from models.labels import HEAD, NO, UNLABELLED, YES, objects_of
from models.train import augment

BARE = objects_of([(HEAD, 10, 5, 90, 105, NO, UNLABELLED)])
FACE = np.array([[30, 50, 40, 50]], np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_degrading_keeps_shape_and_kind(seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    found = augment.degrade(random.Random(seed), image)
    assert found.shape == image.shape and found.dtype == np.uint8


@pytest.mark.parametrize("seed", range(10))
def test_a_drawn_cap_changes_the_label_and_leaves_the_chin_alone(seed: int) -> None:
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, objects = augment.dress(random.Random(seed), image, BARE, FACE, share=1.0)
    assert objects[0, 5] == YES and BARE[0, 5] == NO
    assert (image == 128).all()
    assert (dressed[:60] != 128).any() and (dressed[85:] == 128).all()


def test_heads_that_wear_something_are_not_dressed() -> None:
    worn = BARE.copy()
    worn[0, 5] = YES
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, _ = augment.dress(random.Random(1), image, worn, FACE, share=1.0)
    assert dressed is image
