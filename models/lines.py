"""Runs a detector over a folder of pictures: one record per picture, readable or not."""

from pathlib import Path

import cv2
import msgspec

from contracts.vision import Box, Detection, Worn
from models.detector import OnnxDetector

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class Seen(msgspec.Struct, frozen=True):
    """One object as the lines carry it; boxes as [x1, y1, x2, y2] in pixels of the file as stored."""

    kind: str
    box: Box
    score: float
    hat: Worn | None
    mask: Worn | None


class Line(msgspec.Struct, frozen=True):
    """One picture; `file` is relative to the folder."""

    file: str
    width: int
    height: int
    detections: list[Seen]


class Unreadable(msgspec.Struct, frozen=True):
    """A file that looks like a picture and is none."""

    file: str
    error: str


def pictures(folder: Path) -> list[Path]:
    """All pictures below a folder, at any depth, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())


def line(detector: OnnxDetector, folder: Path, path: Path, min_score: float | None) -> Line | Unreadable:
    """What the detector says about one file. A camera's rotation tag is not applied: pixels are as stored."""
    name = path.relative_to(folder).as_posix()
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        return Unreadable(name, "not a picture that can be read")
    detections = detector.detect(image.astype("uint8", copy=False), min_score=min_score)
    return Line(name, image.shape[1], image.shape[0], [_seen(detection) for detection in detections])


def _seen(found: Detection) -> Seen:
    return Seen(found.kind.value, found.box, round(found.score, 4), found.hat, found.mask)
