"""Real footage: people who walk by raise nothing; a covered, blurred or turned camera is blind within a minute."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from contracts.kinds import CameraState, Phase
from contracts.vision import Image
from edge import motion
from edge.config import VisionRules
from edge.picture_watch import PictureWatch
from edge.rules import Decision
from edge.rules.camera_blind import BlindState, step

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
Change = Callable[[Image], Image]
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def lobby(shared_dir: Path) -> list[Image]:
    """139 s of people who come one by one, two pictures a second."""
    return list(read(shared_dir / "video" / "intel_one-by-one-person-detection.mp4", 5))


def read(path: Path, every: int) -> Iterator[Image]:
    opened: Any = av.open(str(path))
    with opened as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.to_ndarray(format="bgr24")


def play(watch: PictureWatch, images: list[Image], began: datetime = T0) -> tuple[list[Decision], BlindState]:
    """Two pictures a second through all that judges a camera."""
    blind, moves, said = BlindState(), motion.MotionState(), list[Decision]()
    for number, image in enumerate(images):
        now = began + timedelta(seconds=number / 2)
        watch.see(image, now)
        moves, _ = motion.step(moves, motion.thumb(image), now)
        blind, decisions = step(blind, now, moves.same_since, now, VisionRules(), picture=watch.trouble)
        said += decisions
    return said, blind


def causes(said: list[Decision]) -> list[tuple[Phase, object]]:
    return [(one.phase, one.details["cause"]) for one in said]


def test_people_who_walk_by_raise_nothing(lobby: list[Image], tmp_path: Path) -> None:
    said, blind = play(PictureWatch(tmp_path / "cam-1.png"), lobby * 2)
    assert said == [] and blind.camera is CameraState.ACTIVE and (tmp_path / "cam-1.png").is_file()


def test_a_cook_before_a_camera_in_the_hand_raises_nothing(shared_dir: Path, tmp_path: Path) -> None:
    kitchen = list(read(shared_dir / "video" / "foobearer_kitchen.mp4", 15))
    said, blind = play(PictureWatch(tmp_path / "cam-1.png"), kitchen * 18)
    assert said == [] and blind.camera is CameraState.ACTIVE


def cloth(image: Image) -> Image:
    return np.clip(np.random.default_rng().normal(90, 3, image.shape), 0, 255).astype(np.uint8)


def most(image: Image) -> Image:
    part = cloth(image)
    part[:, : image.shape[1] // 7] = image[:, : image.shape[1] // 7]
    return part


def tilted(image: Image) -> Image:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 8, 1.05)
    return cv2.warpAffine(image, turn, (width, height)).astype(np.uint8)


CHANGES: dict[str, tuple[Change, str]] = {
    "lights out": (lambda image: (image * 0.03).astype(np.uint8), "dark"),
    "a cloth": (cloth, "covered"),
    "most of a cloth": (most, "covered"),
    "grease": (lambda image: cv2.GaussianBlur(image, (0, 0), 10).astype(np.uint8), "blurred"),
    "out of focus": (lambda image: cv2.GaussianBlur(image, (0, 0), 4).astype(np.uint8), "blurred"),
    "pushed aside": (lambda image: np.roll(image, image.shape[1] // 20, 1), "moved"),
    "tilted": (tilted, "moved"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_spoilt_picture_is_blind_and_ends_soon_after_it_is_put_right(
    lobby: list[Image], tmp_path: Path, name: str
) -> None:
    change, cause = CHANGES[name]
    images = lobby[:80] + [change(image) for image in lobby[80:180]] + lobby[180:230]
    said, blind = play(PictureWatch(tmp_path / "cam-1.png"), images)
    assert causes(said) == [(Phase.START, cause), (Phase.END, cause)]
    assert abs((said[0].at - T0).total_seconds() - 40) <= 2 and blind.camera is CameraState.ACTIVE


def test_other_light_is_no_trouble(lobby: list[Image], tmp_path: Path) -> None:
    dim = [(image * 0.4).astype(np.uint8) for image in lobby[80:160]]
    bright = [np.clip(image * 1.5 + 20.0, 0, 255).astype(np.uint8) for image in lobby[160:]]
    assert play(PictureWatch(tmp_path / "cam-1.png"), lobby[:80] + dim + bright)[0] == []


def test_a_frozen_picture_is_said_as_frozen(lobby: list[Image], tmp_path: Path) -> None:
    said, _ = play(PictureWatch(tmp_path / "cam-1.png"), lobby[:100] + [lobby[100]] * 80 + lobby[101:140])
    assert causes(said) == [(Phase.START, "frozen"), (Phase.END, "frozen")]


def test_a_reference_outlives_a_restart_and_goes_with_its_file(lobby: list[Image], tmp_path: Path) -> None:
    path = tmp_path / "references" / "cam-1.png"
    play(PictureWatch(path), lobby[:80])
    pushed = [np.roll(image, 60, 1) for image in lobby[80:180]]
    again = PictureWatch(path)
    assert causes(play(again, pushed)[0]) == [(Phase.START, "moved")]
    path.unlink()
    said, _ = play(again, pushed, T0 + timedelta(minutes=5))
    assert said == [] and path.is_file()


def test_a_file_that_is_no_picture_and_a_folder_in_the_way(
    lobby: list[Image], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cam-1.png").write_bytes(b"no picture")
    assert play(PictureWatch(tmp_path / "cam-1.png"), lobby[:80])[0] == []
    assert "is no reference picture" in caplog.text
    (tmp_path / "file").write_bytes(b"")
    watch = PictureWatch(tmp_path / "file" / "cam-2.png")
    play(watch, lobby[:80])
    assert "the reference cannot be kept" in caplog.text
    play(watch, [np.roll(image, 60, 1) for image in lobby[80:90]], T0 + timedelta(minutes=1))
    assert watch.trouble is not None and watch.trouble[0] == "moved"
