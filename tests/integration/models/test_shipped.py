"""The shipped model on real pictures and footage."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, Detection, Image, iou
from models import labels
from models.detector import OnnxDetector, open_detector
from models.evaluate.report import evaluate, read
from models.labels import NO, YES

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return open_detector()


def heads(detector: OnnxDetector, image: Image) -> list[Detection]:
    return [found for found in detector.detect(image) if found.kind is ObjectKind.HEAD]


def states(found: list[Detection]) -> Counter[Wear]:
    return Counter(detection.hat.state for detection in found if detection.hat)


def test_the_cook_in_a_real_kitchen_wears_a_hat(detector: OnnxDetector, shared_dir: Path) -> None:
    video = cv2.VideoCapture(str(shared_dir / "video" / "foobearer_kitchen.mp4"), cv2.CAP_FFMPEG)
    worn = frames = 0
    while True:
        there, frame = video.read()
        if not there:
            break
        frames += 1
        if frames % 5 == 0:
            worn += states(heads(detector, frame.astype(np.uint8, copy=False)))[Wear.WORN] > 0
    assert frames > 200
    assert worn > 0.6 * (frames // 5)


def test_labelled_heads_are_told_apart(detector: OnnxDetector, shared_dir: Path) -> None:
    told: Counter[tuple[float, Wear]] = Counter()
    for picture in labels.load(shared_dir / "data"):
        if picture.split != "val" or picture.source != "iden":
            continue
        found = heads(detector, read(picture.path))
        for row in picture.objects:
            box = Box(*map(float, row[1:5]))
            match = max(found, key=lambda detection: iou(detection.box, box), default=None)
            if match is not None and match.hat is not None and iou(match.box, box) > 0.5:
                told[float(row[5]), match.hat.state] += 1
    assert told[NO, Wear.NOT_WORN] > 3 * told[NO, Wear.WORN]
    assert told[YES, Wear.WORN] > 3 * told[YES, Wear.NOT_WORN]


def test_the_report_covers_every_source(detector: OnnxDetector, shared_dir: Path) -> None:
    report = evaluate(detector, shared_dir / "data", "val", lambda pictures: pictures)
    assert set(report.head) == {"all", "amvd", "iden"} and set(report.person) == {"all", "cctv"}
    recall = report.head["all"].recall.value
    assert recall is not None and recall > 0.5
