"""PURE: where in a picture the marked head is, as an overlay that stays thick enough on a small screen."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

AROUND = 0.01
"""of the picture's width: the overlay stands a little outside the mark that the edge drew"""


class Mark(NamedTuple):
    """A rectangle in the pixels of its picture."""

    width: int
    height: int
    x: float
    y: float
    across: float
    down: float


def mark(box: Sequence[float] | None, size: tuple[int, int] | None) -> Mark | None:
    """The rectangle around an event's box; None where there is none, or where it does not lie in this picture."""
    if box is None or size is None or len(box) != 4 or not all(isfinite(corner) for corner in box):
        return None
    width, height = size
    more = width * AROUND
    x1, y1 = max(0.0, box[0] - more), max(0.0, box[1] - more)
    x2, y2 = min(float(width), box[2] + more), min(float(height), box[3] + more)
    if x2 <= x1 or y2 <= y1:
        return None
    return Mark(width, height, x1, y1, x2 - x1, y2 - y1)
