"""The public sees a still with nobody in it, or the reason; never an old picture for a new one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from contracts.kinds import ObjectKind, Withheld
from contracts.vision import Box, Detection
from edge.config import VisionRules
from edge.drawn import Scene
from edge.outbox import Outbox
from edge.public_view import PublicView

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = VisionRules()
GOOD = Detection(ObjectKind.HEAD, Box(100, 60, 160, 130), 0.9)
BROKEN = Detection(ObjectKind.HEAD, Box(float("nan"), 0, 10, 10), 0.9)


def waiting(folder: Path) -> tuple[str, bytes] | None:
    """What lies ready for the centre: where it goes, and what."""
    path = folder / "waiting" / "b-cam-1.json"
    if not path.exists():
        return None
    return json.loads(path.read_bytes())["path"], path.with_suffix(".jpg").read_bytes()


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_still_every_ten_seconds(tmp_path: Path) -> None:
    assert RULES.still_every_s == 10
    view, image = PublicView("cam-1", Outbox(tmp_path)), Scene(1).frame(0)[0]
    times = []
    for second in range(0, 31, 2):
        (tmp_path / "waiting" / "b-cam-1.json").unlink(missing_ok=True)
        view.show(image, at(second), [GOOD], [], RULES)
        if waiting(tmp_path):
            times.append(second)
    assert times == [0, 10, 20, 30]


def test_what_cannot_be_blurred_is_said_and_not_shown(tmp_path: Path) -> None:
    view, image = PublicView("cam-1", Outbox(tmp_path)), Scene(1).frame(0)[0]
    view.show(image, at(0), [GOOD], [], RULES)
    view.show(image, at(10), [GOOD, BROKEN], [], RULES)
    # The reason takes the place of the still that still waited.
    assert waiting(tmp_path) == ("/edge/v1/still/cam-1/withheld", b'{"reason":"blur"}')
    view.show(image, at(11), [GOOD], [], RULES)
    found = waiting(tmp_path)
    assert found is not None and found[0] == "/edge/v1/still/cam-1" and found[1].startswith(b"\xff\xd8")


def test_a_reason_is_said_at_once_and_then_as_often_as_a_still(tmp_path: Path) -> None:
    said = []

    class Counting(Outbox):
        def withheld(self, device: str, reason: Withheld, at: datetime) -> None:
            said.append((reason, (at - T0).total_seconds()))

    view = PublicView("cam-1", Counting(tmp_path))
    for second in range(0, 25, 5):
        view.withhold(Withheld.BLIND, at(second), RULES)
    view.withhold(Withheld.DETECTOR, at(25), RULES)
    assert said == [("blind", 0), ("blind", 10), ("blind", 20), ("detector", 25)]


def test_without_an_address_nothing_is_made(tmp_path: Path) -> None:
    view = PublicView("cam-1", None)
    view.show(Scene(1).frame(0)[0], at(0), [GOOD], [], RULES)
    view.withhold(Withheld.BLIND, at(0), RULES)
    assert waiting(tmp_path) is None


def test_a_full_disk_is_logged_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Full(Outbox):
        def still(self, device: str, jpeg: bytes, captured: datetime) -> None:
            raise OSError(28, "No space left on device")

        def withheld(self, device: str, reason: Withheld, at: datetime) -> None:
            raise OSError(28, "No space left on device")

    view = PublicView("cam-1", Full(tmp_path))
    view.show(Scene(1).frame(0)[0], at(0), [GOOD], [], RULES)
    view.withhold(Withheld.BLIND, at(0), RULES)
    assert caplog.text.count("No space left") == 2


def test_a_whole_person_is_hidden_beyond_recovery_and_nothing_else_is_in_the_file(tmp_path: Path) -> None:
    view, rng = PublicView("cam-1", Outbox(tmp_path)), np.random.default_rng(1)
    image = rng.integers(0, 255, (360, 480, 3)).astype(np.uint8)
    person, head = Box(120, 60, 240, 330), Box(300, 80, 360, 150)
    found = [Detection(ObjectKind.PERSON, person, 0.9), Detection(ObjectKind.HEAD, head, 0.9)]
    view.show(image, at(0), found, [], RULES)
    sent = waiting(tmp_path)
    assert sent is not None
    jpeg = sent[1]
    # Pixels only: no thumbnail, no EXIF, no comment.
    assert b"Exif" not in jpeg and jpeg.count(b"\xff\xd8\xff") == 1 and b"\xff\xe1" not in jpeg[:200]
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    for box in (person, head):
        x1, y1, x2, y2 = (int(v) for v in (box.x1, box.y1, box.x2, box.y2))
        region = shown[y1:y2, x1:x2].astype(np.float32)
        # At most four squares across a head, so that none of its features is left: what changes does so slowly.
        blocks = cv2.resize(region, (4, 4), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(blocks, (x2 - x1, y2 - y1), interpolation=cv2.INTER_CUBIC)
        detail = np.abs(region - smooth).mean()
        original = image[y1:y2, x1:x2].astype(np.float32)
        assert detail < 0.1 * np.abs(original - original.mean()).mean(), detail
