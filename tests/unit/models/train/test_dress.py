import random

import numpy as np
import pytest

from models.labels import HEAD, NO, UNLABELLED, YES, objects_of
from models.train.dress import dress

BARE = objects_of([(HEAD, 10, 5, 90, 105, NO, UNLABELLED)])
FACE = np.array([[30, 50, 40, 50]], np.float32)


@pytest.mark.parametrize("seed", range(10))
def test_a_drawn_cap_changes_the_label_and_leaves_the_chin_alone(seed: int) -> None:
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, objects = dress(random.Random(seed), image, BARE, FACE, share=1.0)
    assert objects[0, 5] == YES and BARE[0, 5] == NO
    assert (image == 128).all()
    assert (dressed[:60] != 128).any() and (dressed[85:] == 128).all()


def test_heads_that_wear_something_are_not_dressed() -> None:
    worn = BARE.copy()
    worn[0, 5] = YES
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, _ = dress(random.Random(1), image, worn, FACE, share=1.0)
    assert dressed is image


@pytest.mark.parametrize("seed", range(10))
def test_a_drawn_mask_covers_the_mouth_and_leaves_the_eyes_and_the_hat(seed: int) -> None:
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, objects = dress(random.Random(seed), image, BARE, FACE, share=0.0, masks=1.0)
    assert objects[0, 6] == YES and objects[0, 5] == NO
    assert (dressed[82:90, 45:55] != 128).any(-1).mean() > 0.95
    assert (dressed[:55] == 128).all()


def test_a_masked_face_gets_no_second_mask() -> None:
    masked = BARE.copy()
    masked[0, 6] = YES
    image = np.full((120, 100, 3), 128, np.uint8)
    dressed, _ = dress(random.Random(1), image, masked, FACE, share=0.0, masks=1.0)
    assert dressed is image


def test_half_as_many_caps_where_nobody_looked_for_hats() -> None:
    rng, unknown = random.Random(1), BARE.copy()
    unknown[0, 5] = UNLABELLED
    image = np.full((120, 100, 3), 128, np.uint8)
    drawn = sum(dress(rng, image, unknown, FACE, share=1.0)[0] is not image for _ in range(200))
    assert 70 < drawn < 130
