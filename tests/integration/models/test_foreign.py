"""Public detectors through the registry: no code of ours knows them by name."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, iou
from models import labels
from models.detector import open_detector
from models.evaluate.report import read
from models.session import sha256_of
from tests.integration.models.graphs import ENTRY

pytestmark = pytest.mark.shared


def book(folder: Path, file: Path, family: str, size: str, *classes: str) -> Path:
    path = folder / "registry.toml"
    joined = ", ".join(classes)
    entry = ENTRY.format(name=file.stem, file=file, sha=sha256_of(file), family=family, input=size, classes=joined)
    path.write_text(entry)
    return path


PEOPLE = {
    "yolox_nano": ("yolox", '{ width = 416, height = 416, colour = "bgr" }', 0.4, 4),
    "deimv2_atto_coco_int8": (
        "detr",
        '{ width = 320, height = 320, colour = "rgb", fit = "stretch", divisor = 255 }',
        0.25,
        2,
    ),
    "FastestDet": (
        "fastestdet",
        '{ width = 352, height = 352, colour = "bgr", fit = "stretch", divisor = 255 }',
        0.65,
        4,
    ),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_detector_of_everything_finds_the_person_in_a_fixed_cameras_view(
    name: str, shared_dir: Path, tmp_path: Path
) -> None:
    family, size, threshold, least = PEOPLE[name]
    person = f'{{ index = 0, name = "person", kind = "person", threshold = {threshold} }}'
    detector = open_detector(registry=book(tmp_path, shared_dir / "onnx" / f"{name}.onnx", family, size, person))
    video = cv2.VideoCapture(str(shared_dir / "video" / "intel_one-by-one-person-detection.mp4"), cv2.CAP_FFMPEG)
    found: Counter[int] = Counter()
    for index in range(600):
        there, frame = video.read()
        assert there
        if index % 20 == 0:
            seen = detector.detect(frame.astype(np.uint8, copy=False))
            assert {d.kind for d in seen} <= {ObjectKind.PERSON}
            found[len(seen)] += 1
    # Nobody or one person is in view at any time.
    assert found[1] >= least and found[0] + found[1] > 24, found


FACES = {
    "yunet_n_320_320": ("yunet", '{ width = 320, height = 320, colour = "bgr", pad = 0 }', 0.5),
    "ulfg_version-slim-320": (
        "ulfg",
        '{ width = 320, height = 240, colour = "rgb", fit = "stretch", mean = 127, divisor = 128 }',
        0.7,
    ),
}


@pytest.mark.parametrize("name", FACES)
def test_a_face_detector_finds_the_heads_of_the_cooks(name: str, shared_dir: Path, tmp_path: Path) -> None:
    family, size, threshold = FACES[name]
    face = f'{{ index = 0, name = "face", kind = "head", threshold = {threshold} }}'
    detector = open_detector(registry=book(tmp_path, shared_dir / "onnx" / f"{name}.onnx", family, size, face))
    found, missed = 0, 0
    for picture in [p for p in labels.load(shared_dir / "data") if p.split == "val" and p.source == "iden"][:40]:
        seen = detector.detect(read(picture.path))
        for row in picture.objects:
            box = Box(*map(float, row[1:5]))
            hit = any(iou(d.box, box) > 0.4 for d in seen)
            found, missed = found + hit, missed + (not hit)
    assert found > 2 * missed, (found, missed)


def test_a_public_mask_detector_drives_our_answers(shared_dir: Path, tmp_path: Path) -> None:
    size = '{ width = 640, height = 480, colour = "rgb", fit = "stretch", mean = 127, divisor = 128 }'
    bare = '{ index = 0, name = "face", kind = "head", threshold = 0.7, mask = "not_worn" }'
    worn = '{ index = 1, name = "masked", kind = "head", threshold = 0.7, mask = "worn" }'
    file = shared_dir / "onnx" / "ulfg_RFB-640-masked_face-v2.onnx"
    detector = open_detector(registry=book(tmp_path, file, "ulfg", size, bare, worn))
    told: Counter[bool] = Counter()
    for picture in [p for p in labels.load(shared_dir / "data") if p.split == "val" and p.source == "amvd"][:30]:
        seen = detector.detect(read(picture.path))
        for row in picture.objects:
            box = Box(*map(float, row[1:5]))
            match = max(seen, key=lambda d: iou(d.box, box), default=None)
            if match is not None and match.mask is not None and iou(match.box, box) > 0.5 and row[6] >= 0:
                assert match.hat is None
                told[(match.mask.state is Wear.WORN) == bool(row[6])] += 1
    assert told[True] > 40 and told[True] > 8 * told[False]
