import random

import numpy as np
import pytest

from models.train import augment


@pytest.mark.parametrize("seed", range(20))
def test_degrading_keeps_shape_and_kind(seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    found = augment.degrade(random.Random(seed), image)
    assert found.shape == image.shape and found.dtype == np.uint8
