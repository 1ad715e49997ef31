"""The detector is spared when nothing changes, never for more than 5 s, and a frozen picture is noticed."""

from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.vision import Image
from edge import motion

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def room(spot: int | None = None, noise: int = 0) -> Image:
    image: Image = np.full((360, 640, 3), 120, np.uint8)
    if spot is not None:
        image[100:200, spot : spot + 60] = 220
    if noise:
        grain = np.random.default_rng(noise).normal(0, 4, image.shape)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    return image


def play(images: list[Image], every: float = 0.5) -> tuple[list[bool], motion.MotionState]:
    state, looks = motion.MotionState(), []
    for number, image in enumerate(images):
        state, look = motion.step(state, motion.thumb(image), T0 + timedelta(seconds=number * every))
        looks.append(look)
    return looks, state


def test_movement_is_looked_at_every_time() -> None:
    looks, _ = play([room(10 * number) for number in range(40)])
    assert all(looks)


def test_an_empty_room_is_looked_at_every_five_seconds() -> None:
    looks, _ = play([room(noise=number + 1) for number in range(100)])
    quiet = looks[25:]
    assert 5 <= sum(quiet) <= 9
    assert "".join("x" if look else "." for look in quiet).find("." * 10) == -1


def test_somebody_who_comes_in_is_looked_at_at_once() -> None:
    looks, _ = play([room(noise=number + 1) for number in range(62)] + [room(300)])
    assert looks[-1]


def test_only_a_picture_that_is_the_same_to_the_last_bit_is_frozen() -> None:
    _, frozen = play([room(1)] * 10)
    assert frozen.same_since == T0 + timedelta(seconds=0.5)
    _, alive = play([room(1)] * 10 + [room(40)])
    assert alive.same_since is None
