"""Dark, covered, blurred, moved: seen in a drawn room, and not seen in people, light and a shaking camera."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest

from contracts.vision import Image
from edge import picture, picture_watch
from edge.picture import Cause, Grey, judge, reference_of
from edge.picture_watch import WatchState

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def room(person: int | None = None, seed: int = 1) -> Image:
    """Shelves, tiles and a worktop; somebody stands at `person`."""
    rng = np.random.default_rng(5)
    image: Image = np.full((360, 640, 3), 150, np.uint8)
    for _ in range(60):
        x, y, w, h = (int(value) for value in rng.integers((0, 0, 20, 15), (600, 330, 120, 90)))
        cv2.rectangle(image, (x, y), (x + w, y + h), tuple(int(c) for c in rng.integers(40, 230, 3)), -1)
    if person is not None:
        cv2.rectangle(image, (person, 80), (person + 110, 359), (60, 70, 200), -1)
        cv2.circle(image, (person + 55, 60), 45, (140, 170, 220), -1)
    grain = np.random.default_rng(seed).normal(0, 3, image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


REFERENCE = reference_of([picture.grey_of(room(60 * number, number)) for number in range(9)])


def changed(how: str, image: Image) -> Image:
    height, width = image.shape[:2]
    rng = np.random.default_rng(3)
    wall = rng.normal(90, 3, image.shape)
    part = image.copy()
    part[:, : width * 85 // 100] = np.clip(wall, 0, 255)[:, : width * 85 // 100]
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1.1)
    ways: dict[str, Callable[[], Any]] = {
        "dimmed": lambda: image * 0.4,
        "brighter": lambda: np.clip(image * 1.4 + 20, 0, 255),
        "shaking": lambda: np.roll(image, 3, 1),
        "dark": lambda: image * 0.03,
        "cloth": lambda: np.clip(wall, 0, 255),
        "mostly cloth": lambda: part,
        "out of focus": lambda: cv2.GaussianBlur(image, (0, 0), 9),
        "greasy": lambda: cv2.GaussianBlur(image, (0, 0), 25),
        "pushed": lambda: np.roll(image, width // 12, 1),
        "turned": lambda: cv2.warpAffine(image, turned, (width, height)),
        "another room": lambda: image[::-1, ::-1],
    }
    spoilt: Image = ways[how]().astype(np.uint8)
    return spoilt


@pytest.mark.parametrize("person", [None, 100, 300, 450])
@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("dimmed", None),
        ("brighter", None),
        ("shaking", None),
        ("dark", Cause.DARK),
        ("cloth", Cause.COVERED),
        ("mostly cloth", Cause.COVERED),
        ("out of focus", Cause.BLURRED),
        ("greasy", Cause.BLURRED),
        ("pushed", Cause.MOVED),
        ("turned", Cause.MOVED),
        ("another room", Cause.MOVED),
    ],
)
def test_a_cause_is_told_whoever_stands_there(how: str, cause: Cause | None, person: int | None) -> None:
    verdict = judge(REFERENCE, picture.grey_of(changed(how, room(person, 42))))
    assert verdict.cause is cause, verdict


def test_a_reference_holds_nobody() -> None:
    plain = picture.grey_of(room(None, 77))
    assert float(np.abs(REFERENCE.grey.astype(int) - plain).mean()) < 3


def test_without_a_reference_only_nothing_at_all_is_told() -> None:
    told = {how: judge(None, picture.grey_of(changed(how, room()))).cause for how in ("dark", "cloth", "pushed")}
    assert told == {"dark": Cause.DARK, "cloth": Cause.COVERED, "pushed": None}


def play(state: WatchState, images: list[Image], began: datetime = T0) -> tuple[WatchState, list[int]]:
    """One picture a second; the seconds in which a reference was taken."""
    taken = []
    for number, image in enumerate(images):
        state, new = picture_watch.step(state, picture.grey_of(image), began + timedelta(seconds=number))
        taken += [number] if new else []
    return state, taken


def test_the_first_half_minute_becomes_the_reference() -> None:
    state, taken = play(WatchState(), [room(12 * number, number) for number in range(45)])
    assert taken == [28] and state.trouble is None
    state, _ = play(state, [room()] * 3 + [changed("pushed", room())] * 5)
    assert state.trouble is not None and state.trouble == (Cause.MOVED, T0 + timedelta(seconds=3))


def test_pictures_of_a_covered_camera_become_no_reference() -> None:
    state, taken = play(WatchState(), [changed("cloth", room())] * 60)
    assert taken == [] and state.trouble == (Cause.COVERED, T0)
    state, taken = play(state, [room()] * 40, T0 + timedelta(seconds=60))
    assert state.trouble is None and len(taken) == 1


def test_one_good_picture_ends_no_trouble_and_two_do() -> None:
    bad = changed("greasy", room())
    start = WatchState(REFERENCE, T0)
    state, _ = play(start, [bad] * 4 + [room()] + [bad] * 4)
    assert state.trouble == (Cause.BLURRED, T0)
    state, _ = play(start, [bad] * 4 + [room()] * 2)
    assert state.trouble is None


def test_a_reference_is_taken_again_after_hours_without_trouble() -> None:
    fresh = WatchState(REFERENCE, T0)
    _, taken = play(fresh, [room()] * 40, T0 + picture_watch.RETAKEN_AFTER)
    assert taken == [28]
    broken, _ = play(fresh, [changed("dark", room())], T0 + timedelta(hours=5))
    _, taken = play(broken, [room()] * 40, T0 + picture_watch.RETAKEN_AFTER)
    assert taken == []


def test_a_file_is_a_reference_or_nothing() -> None:
    good = cv2.imencode(".png", REFERENCE.grey)[1].tobytes()
    kept: Grey | None = picture.decoded(good)
    assert kept is not None and np.array_equal(kept, REFERENCE.grey)
    small = cv2.imencode(".png", REFERENCE.grey[:9])[1].tobytes()
    assert picture.decoded(small) is None and picture.decoded(good[:50]) is None and picture.decoded(b"") is None
