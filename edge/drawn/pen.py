"""Drawing in picture units on a canvas that is larger than the picture: edges become smooth when it is scaled down."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.vision import Image

Colour = tuple[int, int, int]
Point = tuple[float, float]
Mask = NDArray[np.uint8]
SCALE = 2
_BITS = 4


def _fixed(value: float) -> int:
    return round(value * SCALE * (1 << _BITS))


def tint(colour: Colour, factor: float) -> Colour:
    """A lighter (factor > 1) or darker colour."""
    blue, green, red = (min(255, max(0, round(part * factor))) for part in colour)
    return blue, green, red


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour `share` (0-1) of the way from a to b."""
    blue, green, red = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return blue, green, red


class Pen:
    """Draws on an image that is SCALE times the picture; all lengths are picture pixels from `origin`."""

    def __init__(self, image: Image | Mask, origin: Point = (0.0, 0.0)) -> None:
        self.image, self.origin = image, origin

    def ellipse(self, centre: Point, axes: Point, colour: Colour, *, turn: float = 0, span: Point = (0, 360)) -> None:
        """A filled ellipse or, with `span` in degrees, a sector of one."""
        size = (max(1, _fixed(axes[0])), max(1, _fixed(axes[1])))
        cv2.ellipse(self.image, self._at(centre), size, turn, *span, colour, -1, cv2.LINE_AA, _BITS)

    def arc(self, centre: Point, axes: Point, colour: Colour, width: float, span: Point) -> None:
        size = (max(1, _fixed(axes[0])), max(1, _fixed(axes[1])))
        thick = max(1, round(width * SCALE))
        cv2.ellipse(self.image, self._at(centre), size, 0, *span, colour, thick, cv2.LINE_AA, _BITS)

    def poly(self, points: Sequence[Point], colour: Colour) -> None:
        corners = np.array([self._at(point) for point in points], np.int32)
        cv2.fillPoly(self.image, [corners], colour, cv2.LINE_AA, _BITS)

    def path(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        corners = np.array([self._at(point) for point in points], np.int32)
        cv2.polylines(self.image, [corners], False, colour, max(1, round(width * SCALE)), cv2.LINE_AA, _BITS)

    def block(self, x1: float, y1: float, x2: float, y2: float, colour: Colour) -> None:
        self.poly([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], colour)

    def text(self, words: str, at: Point, size: float, colour: Colour) -> None:
        place = (round((at[0] - self.origin[0]) * SCALE), round((at[1] - self.origin[1]) * SCALE))
        cv2.putText(self.image, words, place, cv2.FONT_HERSHEY_SIMPLEX, size * SCALE, colour, SCALE, cv2.LINE_AA)

    def _at(self, point: Point) -> tuple[int, int]:
        return _fixed(point[0] - self.origin[0]), _fixed(point[1] - self.origin[1])


def upright_gradient(image: Image, box: tuple[float, float, float, float], top: Colour, bottom: Colour) -> None:
    """Fills a box of the canvas with a gradient from top to bottom."""
    x1, y1, x2, y2 = (round(v * SCALE) for v in box)
    share = np.linspace(0, 1, max(1, y2 - y1), dtype=np.float32)[:, None, None]
    shades = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    image[y1:y2, x1:x2] = shades.astype(np.uint8)[: max(0, image.shape[0] - y1)]
