"""PURE. Whether a picture shows what the camera was hung up to see: dark, covered, blurred, moved - or fine.

It is compared with a reference, the median of pictures from a healthy time, so that nobody who walked through is in it.
"""

from collections.abc import Sequence
from enum import StrEnum

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.vision import Image

Grey = NDArray[np.uint8]
"""180 x 320"""
WIDTH, HEIGHT = 320, 180
DARK_MEAN, DARK_SPREAD = 20.0, 10.0
FLAT_SPREAD = 9.0
EDGE = 60.0
"""a gradient that is an edge and not the camera's noise"""
STRONGEST = 200.0
"""an edge counts no more than this, so that a single lamp does not decide"""
FEWEST_EDGES = 200
"""a reference with fewer edges says nothing about what is gone"""
SHARP_LEFT = 0.25
COARSE_LIKE = 0.5
STRUCTURE_GONE, STRUCTURE_DOUBTFUL = 0.25, 0.5
"""under the first another place is seen; under the second something is wrong if a second sign says so"""
EDGES_LEFT = 0.5
SHIFTED, SHIFT_SURE = 0.03, 0.05
"""share of the width; how clear the peak of the phase correlation is"""


class Cause(StrEnum):
    """Why a picture that arrives shows nothing of use."""

    DARK = "dark"
    COVERED = "covered"
    BLURRED = "blurred"
    MOVED = "moved"


class Verdict(msgspec.Struct, frozen=True):
    """`cause` None: fine, or no reference to tell by. The numbers are for people and for tests."""

    cause: Cause | None
    brightness: float
    spread: float
    sharpness: float = 1.0
    """fine detail against the reference"""
    structure: float = 1.0
    """share of the reference's edges that are where they were"""
    edges: float = 1.0
    """as many edges as in the reference, wherever they are"""
    coarse: float = 1.0
    """likeness of what is left without any detail"""
    shift: float = 0.0
    """share of the width by which everything has moved, when that is clear"""


class Reference(msgspec.Struct, frozen=True):
    """How it should look, with what is compared made once."""

    grey: Grey
    gradient: NDArray[np.float32]
    strength: NDArray[np.float32]
    strong: NDArray[np.bool_]
    sharpness: float


def grey_of(image: Image) -> Grey:
    """A picture as it is judged: small and grey."""
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def reference_of(greys: Sequence[Grey]) -> Reference:
    """The median of pictures: whoever walks through is in none of it."""
    return reference_from(np.median(np.stack(greys), axis=0).astype(np.uint8))


def reference_from(grey: Grey) -> Reference:
    """The same from one picture that is known to be right."""
    gradient = _gradient(grey)
    strength = np.hypot(gradient[0], gradient[1])
    return Reference(grey, gradient, strength, strength > EDGE, _sharpness(grey))


def judge(reference: Reference | None, seen: Grey) -> Verdict:
    """What is wrong with one picture."""
    brightness, spread = float(seen.mean()), float(seen.std())
    if brightness < DARK_MEAN and spread < DARK_SPREAD:
        return Verdict(Cause.DARK, brightness, spread)
    if spread < FLAT_SPREAD:
        return Verdict(Cause.COVERED, brightness, spread)
    if reference is None or reference.strong.sum() < FEWEST_EDGES:
        return Verdict(None, brightness, spread)
    gradient = _gradient(seen)
    strength = np.hypot(gradient[0], gradient[1])
    # In dim light every edge is weaker, and still one.
    dim = min(1.0, spread / max(1.0, float(reference.grey.std())))
    measured = Verdict(
        None,
        brightness,
        spread,
        _sharpness(seen) / max(1e-3, reference.sharpness),
        _structure(reference, gradient, strength),
        float((strength > EDGE * dim).sum() / reference.strong.sum()),
        _coarse(reference.grey, seen),
        _shift(reference.strength, strength),
    )
    return msgspec.structs.replace(measured, cause=_cause(measured))


def _cause(seen: Verdict) -> Cause | None:
    """Blurred: the same without detail. Covered: edges are gone. Moved: there are edges, elsewhere."""
    if seen.sharpness < SHARP_LEFT and seen.coarse > COARSE_LIKE:
        return Cause.BLURRED
    if seen.structure >= STRUCTURE_DOUBTFUL:
        return None
    if seen.edges < EDGES_LEFT:
        return Cause.COVERED
    if seen.structure < STRUCTURE_GONE or seen.shift > SHIFTED:
        return Cause.MOVED
    return None


def _sharpness(grey: Grey) -> float:
    """Fine detail against all contrast: neither dim light nor the sensor's noise counts."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    return float(cv2.Laplacian(smooth, cv2.CV_32F).var()) / max(1.0, float(grey.var()))


def _gradient(grey: Grey) -> NDArray[np.float32]:
    """2 x height x width. Smoothed first, so that a camera that shakes a little keeps its edges."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    return np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)]).astype(np.float32)


def _structure(reference: Reference, gradient: NDArray[np.float32], strength: NDArray[np.float32]) -> float:
    """Edges keep their place and direction in any light; somebody in front hides only a part of them."""
    now, length = gradient[:, reference.strong], strength[reference.strong]
    along = (now * reference.gradient[:, reference.strong]).sum(0)
    agree = along > 0.8 * length * reference.strength[reference.strong]
    return float((agree & (length > EDGE / 6)).mean())


def _coarse(reference: Grey, seen: Grey) -> float:
    small = [cv2.resize(one, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32) for one in (reference, seen)]
    a, b = (one - one.mean() for one in small)
    return float((a * b).sum() / max(1.0, float(np.sqrt((a * a).sum() * (b * b).sum()))))


def _shift(then: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """By phase correlation of the edges; 0 when there is no clear peak."""
    window = cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)
    (x, y), sure = cv2.phaseCorrelate(np.minimum(then, STRONGEST), np.minimum(now, STRONGEST), window)
    return float(np.hypot(x, y)) / WIDTH if sure > SHIFT_SURE else 0.0


def decoded(data: bytes) -> Grey | None:
    """A reference picture from its file's bytes; None when they are something else."""
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    return grey.astype(np.uint8, copy=False) if grey is not None and grey.shape == (HEIGHT, WIDTH) else None
