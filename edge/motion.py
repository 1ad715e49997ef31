"""PURE. Spares the detector when nothing has changed, and notices a picture that is frozen."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.geometry import Point
from contracts.vision import Image

Thumb = NDArray[np.uint8]
"""36 x 64, grey"""

CHANGED_LEVEL, CHANGED_SHARE = 10, 0.004
QUIET_AFTER = timedelta(seconds=10)
LOOK_AT_LEAST = timedelta(seconds=5)


class MotionState(msgspec.Struct, frozen=True):
    thumb: Thumb | None = None
    """as it was when the detector last looked"""
    previous: Thumb | None = None
    moved: datetime | None = None
    looked: datetime | None = None
    same_since: datetime | None = None
    """since when every picture has been the same to the last bit"""


def thumb(image: Image) -> Thumb:
    """A small grey picture in which the camera's noise is gone."""
    small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def covered(seen: Thumb, ignore: Sequence[Sequence[Point]]) -> Thumb:
    """The same with what lies in an ignored part of the picture (corners as shares of it) painted over."""
    if not ignore:
        return seen
    painted = seen.copy()
    for corners in ignore:
        points = np.array([[round(x * 63), round(y * 35)] for x, y in corners], np.int32)
        cv2.fillPoly(painted, [points], 0)
    return painted


def changed(a: Thumb, b: Thumb) -> bool:
    """Whether something the size of a hand or more looks different."""
    return float((cv2.absdiff(a, b) > CHANGED_LEVEL).mean()) > CHANGED_SHARE


def step(state: MotionState, seen: Thumb, now: datetime) -> tuple[MotionState, bool]:
    """The new state, and whether the detector should look at this picture."""
    # Against the picture of the last look: slow changes add up and are not missed.
    moves = state.thumb is None or changed(state.thumb, seen)
    moved = now if moves else state.moved
    same = state.previous is not None and np.array_equal(state.previous, seen)
    look = state.looked is None or moved is None or now - moved < QUIET_AFTER or now - state.looked >= LOOK_AT_LEAST
    return (
        MotionState(
            thumb=seen if look else state.thumb,
            previous=seen,
            moved=moved,
            looked=now if look else state.looked,
            same_since=(state.same_since or now) if same else None,
        ),
        look,
    )
