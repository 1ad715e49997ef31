import random
from pathlib import Path

import numpy as np
import pytest

from models.labels import HEAD, PERSON, UNLABELLED, Picture, objects_of, regions_of
from models.train.paste import Cutouts, covered

NONE = np.zeros((0, 4), np.float32)


def view() -> tuple[Picture, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """One red person alone in a grey room, and two that stand in each other."""
    image = np.full((240, 320, 3), 90, np.uint8)
    boxes = [(40, 100, 70, 180), (200, 100, 240, 190), (205, 110, 245, 195)]
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = (0, 0, 220)
    rows = objects_of([(PERSON, *box, UNLABELLED, UNLABELLED) for box in boxes])
    return Picture(Path("a"), "cctv", "train", rows, regions_of([]), NONE), image


@pytest.fixture
def cutouts() -> Cutouts:
    picture, image = view()
    return Cutouts([picture], {picture.path: image}, random.Random(1))


def test_only_people_who_stand_apart_are_cut_out(cutouts: Cutouts) -> None:
    assert len(cutouts.people) == 1
    assert cutouts.people[0].mean(axis=(0, 1))[2] > 150
    assert all((patch == 90).mean() > 0.9 for patch in cutouts.bait)


@pytest.mark.parametrize("seed", range(20))
def test_a_pasted_person_is_labelled_and_its_head_is_not_taught(cutouts: Cutouts, seed: int) -> None:
    canvas = np.full((256, 416, 3), 128, np.uint8)
    objects, ignored = cutouts.add(random.Random(seed), canvas, objects_of([]), regions_of([]))
    red = canvas[..., 2].astype(int) - canvas[..., 0] > 60
    assert len(objects) == len(ignored) and red.any() == bool(len(objects))
    assert (objects[:, 0] == PERSON).all() and (ignored[:, 0] == HEAD).all()
    inside = np.zeros_like(red)
    for _, x1, y1, x2, y2, *_ in objects:
        inside[max(0, int(y1) - 4) : int(y2) + 5, max(0, int(x1) - 4) : int(x2) + 5] = True
    assert not (red & ~inside).any()


def test_nothing_is_pasted_over_what_is_labelled(cutouts: Cutouts) -> None:
    there = objects_of([(HEAD, 0, 0, 416, 256, UNLABELLED, UNLABELLED)] * 2)
    there[:, 1:5] = [[0, 0, 416, 256], [100, 100, 130, 140]]
    canvas = np.full((256, 416, 3), 128, np.uint8)
    before = canvas.copy()
    for seed in range(10):
        objects, _ = cutouts.add(random.Random(seed), canvas, there, regions_of([]))
        patch = before[100:140, 100:130]
        assert len(objects) >= 2 and np.abs(canvas[104:136, 104:126].astype(int) - patch[4:36, 4:26]).mean() < 40


def test_covered_is_the_largest_share() -> None:
    box = np.array([0, 0, 10, 10], np.float32)
    assert covered(box, np.array([[5, 0, 20, 10], [0, 0, 2, 2]], np.float32)) == pytest.approx(0.5)
    assert covered(box, NONE) == 0
