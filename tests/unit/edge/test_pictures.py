"""Evidence is the very frame with the head marked; a still shows no head, or there is none."""

import hashlib
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import ObjectKind
from contracts.vision import Box, Detection, Image
from edge.drawn import Scene
from edge.evidence import PictureError, picture
from edge.still import CELLS, LARGEST_WIDTH, hidden, pixelate, still

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def unpacked(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8, copy=False)


def test_evidence_is_marked_named_by_its_hash_and_leaves_the_frame_alone() -> None:
    frame, _ = Scene(1).frame(0)
    before = frame.copy()
    proof = picture(frame, Box(100, 60, 160, 130), T0)
    assert np.array_equal(frame, before)
    assert proof.evidence.sha256 == hashlib.sha256(proof.jpeg).hexdigest() and proof.evidence.captured == T0
    shown = unpacked(proof.jpeg).astype(int)
    assert shown.shape == frame.shape
    edge, inside = shown[100, 100], np.abs(shown[75:115, 110:150] - before[75:115, 110:150]).mean()
    assert edge[2] > edge[0] + 60 and inside < 6


def test_what_is_no_picture_is_no_evidence() -> None:
    with pytest.raises(PictureError):
        picture(np.zeros((4, 0, 3), np.uint8), None, T0)


def test_heads_of_the_drawn_cooks_are_gone_from_the_still() -> None:
    frame, truth = Scene(2).frame(3)
    detections = [Detection(one.kind, one.box, 0.9) for one in truth if one.kind is ObjectKind.HEAD]
    jpeg = still(frame, detections)
    assert jpeg is not None
    shown = unpacked(jpeg)
    assert shown.shape[1] == LARGEST_WIDTH
    scale = shown.shape[1] / frame.shape[1]
    for one in detections:
        x, y = int((one.box.x1 + one.box.x2) / 2), int((one.box.y1 + one.box.y2) / 2)
        before = cv2.Laplacian(frame[y - 12 : y + 12, x - 12 : x + 12], cv2.CV_64F).var()
        at = (int(x * scale), int(y * scale))
        after = cv2.Laplacian(shown[at[1] - 9 : at[1] + 9, at[0] - 9 : at[0] + 9], cv2.CV_64F).var()
        assert after < before / 10


def test_no_detector_no_still() -> None:
    frame, _ = Scene(1).frame(0)
    assert still(frame, None) is None


@pytest.mark.parametrize("box", [Box(float("nan"), 0, 10, 10), Box(0, 0, float("inf"), 10)])
def test_a_box_that_cannot_be_hidden_means_no_still(box: Box) -> None:
    frame, _ = Scene(1).frame(0)
    assert still(frame, [Detection(ObjectKind.HEAD, box, 0.9)]) is None


def test_people_are_hidden_from_head_to_foot() -> None:
    box = next(hidden([Detection(ObjectKind.PERSON, Box(100, 90, 160, 270), 0.9)]))
    assert box.y1 < 90 and box.y2 > 270 and box.x1 < 100 and box.x2 > 160


def test_heads_of_the_last_seconds_are_hidden_too() -> None:
    frame, truth = Scene(2).frame(3)
    head = next(one.box for one in truth if one.kind is ObjectKind.HEAD)
    assert still(frame, [], [head]) != still(frame, [])


@given(st.floats(-50, 110), st.floats(-50, 110), st.floats(0, 100), st.floats(0, 100))
def test_any_region_is_left_with_a_few_plain_squares(x: float, y: float, width: float, height: float) -> None:
    image = np.random.default_rng(1).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    pixelate(image, Box(x, y, x + width, y + height))
    x1, y1, x2, y2 = (int(v) for v in (max(0, x), max(0, y), min(80, x + width), min(60, y + height)))
    region = image[y1:y2, x1:x2].reshape(-1, 3)
    if len(region) and y1 < y2 and x1 < x2:
        assert len(np.unique(region, axis=0)) <= CELLS * CELLS
