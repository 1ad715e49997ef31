"""The drawn kitchen: the same from the same seed, true to its truth, and it says that it is drawn."""

import numpy as np
import pytest

from contracts.kinds import ObjectKind
from edge.drawn import Scene


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 77])
def test_heads_are_large_enough_and_in_the_picture(seed: int) -> None:
    scene = Scene(seed)
    for t in (0.0, 19.0, 41.5):
        image, truth = scene.frame(t)
        assert image.shape == (360, 640, 3) and image.dtype == np.uint8
        heads = [one for one in truth if one.kind is ObjectKind.HEAD]
        assert len(heads) == len(truth) / 2 == 4
        assert all(40 <= one.box.height <= 105 for one in heads)
        assert all(0 <= one.box.x1 <= one.box.x2 <= 640 and 0 <= one.visible <= 1 for one in truth)


def test_seed_and_time_make_the_picture() -> None:
    first, second = Scene(5), Scene(5)
    assert np.array_equal(first.frame(7.25)[0], second.frame(7.25)[0])
    assert not np.array_equal(first.frame(7.25)[0], first.frame(7.75)[0])
    assert not np.array_equal(first.frame(7.25)[0], Scene(6).frame(7.25)[0])


@pytest.mark.parametrize(("seed", "bare"), [(1, 1), (2, 1), (3, 0), (4, 1)])
def test_who_wears_what_never_changes(seed: int, bare: int) -> None:
    scene = Scene(seed)
    for t in (0.0, 30.0, 60.0):
        heads = [one for one in scene.frame(t)[1] if one.kind is ObjectKind.HEAD]
        assert sum(not one.hat for one in heads) == bare
        assert sum(not one.mask for one in heads) == bare


def test_cooks_turn_and_are_hidden_now_and_then() -> None:
    scene = Scene(1)
    seen = [one for t in range(0, 60, 2) for one in scene.frame(float(t))[1] if one.kind is ObjectKind.HEAD]
    assert any(abs(one.yaw) < 30 for one in seen)
    assert any(45 < abs(one.yaw) % 360 < 135 for one in seen)
    assert any(150 < abs(one.yaw) % 360 < 210 for one in seen)
    assert any(one.visible < 0.8 for one in seen)


def test_the_picture_says_that_it_is_drawn() -> None:
    corner = Scene(1).frame(0)[0][338:353, 6:114].astype(int)
    assert (corner > 200).all(axis=2).any() and (corner < 60).all(axis=2).mean() > 0.4
