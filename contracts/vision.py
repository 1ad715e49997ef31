"""What a detector says about one picture."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.kinds import ObjectKind, Wear

Image = NDArray[np.uint8]
"""A picture: height x width x 3, BGR, 0-255."""


class Box(msgspec.Struct, frozen=True, array_like=True):
    """Corners in pixels of the picture, x to the right, y down; x2 and y2 are exclusive."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return max(0.0, self.x2 - self.x1)

    @property
    def height(self) -> float:
        return max(0.0, self.y2 - self.y1)

    @property
    def area(self) -> float:
        return self.width * self.height


class Worn(msgspec.Struct, frozen=True):
    """Whether an item is worn. `score` is the probability (0-1) that it IS worn, whatever `state` says."""

    state: Wear
    score: float


class Detection(msgspec.Struct, frozen=True):
    """One person or one head (face and headwear). `hat` and `mask` are None where the model does not look for them."""

    kind: ObjectKind
    box: Box
    score: float
    hat: Worn | None = None
    mask: Worn | None = None


class ModelRef(msgspec.Struct, frozen=True):
    """Which model spoke; travels with every event that a model caused."""

    name: str
    version: str
    sha256: str


class Detector(Protocol):
    """Anything that finds people and heads in a picture."""

    @property
    def ref(self) -> ModelRef: ...

    def detect(self, image: Image) -> Sequence[Detection]:
        """Finds people and heads in one picture at the shipped thresholds."""
        ...


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0-1."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    inter = width * height
    return inter / (a.area + b.area - inter)
