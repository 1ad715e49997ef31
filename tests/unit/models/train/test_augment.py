import random

import cv2
import numpy as np
import pytest

from models.train import augment


@pytest.mark.parametrize("seed", range(20))
def test_degrading_keeps_shape_and_kind(seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    found = augment.degrade(random.Random(seed), image)
    assert found.shape == image.shape and found.dtype == np.uint8


@pytest.mark.parametrize("seed", range(20))
def test_boxes_follow_a_wide_lens(seed: int) -> None:
    rng = random.Random(seed)
    image = np.zeros((200, 320, 3), np.uint8)
    x, y = rng.randrange(0, 260), rng.randrange(0, 150)
    cv2.ellipse(image, (x + 25, y + 20), (25, 20), 0, 0, 360, (255, 255, 255), -1)
    objects = np.array([[0, x, y, x + 50, y + 40, -1, -1]], np.float32)
    empty = np.zeros((0, 5), np.float32)
    bent = augment.wide_lens(rng, image, objects, empty)
    rows, columns = np.nonzero(bent[..., 0] > 127)
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert bent.shape == image.shape and np.abs(objects[0, 1:5].clip(0, [320, 200, 320, 200]) - seen).max() < 3
    assert objects[0, 0] == 0 and objects[0, 5] == -1


def test_a_wide_lens_enlarges_the_middle() -> None:
    middle = np.array([[0, 150, 90, 170, 110]], np.float32)
    augment.wide_lens(random.Random(1), np.zeros((200, 320, 3), np.uint8), middle)
    assert middle[0, 3] - middle[0, 1] > 21
