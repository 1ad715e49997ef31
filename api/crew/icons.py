"""The icons of the installed page, drawn like `static/icon.svg`, for phones that take no SVG."""

from functools import cache
from math import cos, pi, sin

import cv2
import numpy as np

# Blue, green, red, alpha; the colours and the measures of the SVG, whose side is 32.
GROUND, SUN = (0x3A, 0x27, 0x12, 255), (0x66, 0xD1, 0xFF, 255)
SIDE, ROUND, CORE, INNER, OUTER, THICK = 32.0, 7.0, 6.0, 9.0, 13.0, 2.4
FINER = 4
"""drawn so many times as large, then made smaller: that smooths the edges"""


@cache
def icon(size: int, whole: bool) -> bytes:
    """A PNG of `size` pixels. `whole`: to the edge, with room around the sun, where the phone cuts its own shape."""
    scale = FINER * size / SIDE
    picture = np.zeros((size * FINER, size * FINER, 4), np.uint8)
    _ground(picture, 0 if whole else scale * ROUND)
    middle, shrunk = size * FINER / 2, scale * (0.8 if whole else 1.0)
    cv2.circle(picture, _point(middle, middle), round(CORE * shrunk), SUN, -1, cv2.LINE_AA)
    for ray in range(8):
        across, down = cos(ray * pi / 4), sin(ray * pi / 4)
        near, far = (_point(middle + across * at * shrunk, middle + down * at * shrunk) for at in (INNER, OUTER))
        cv2.line(picture, near, far, SUN, round(THICK * shrunk), cv2.LINE_AA)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", small)[1])


def _ground(picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", corner: float) -> None:
    side, r = picture.shape[0] - 1, round(corner)
    if r == 0:
        picture[:] = GROUND
        return
    cv2.rectangle(picture, (r, 0), (side - r, side), GROUND, -1)
    cv2.rectangle(picture, (0, r), (side, side - r), GROUND, -1)
    for x, y in ((r, r), (side - r, r), (r, side - r), (side - r, side - r)):
        cv2.circle(picture, (x, y), r, GROUND, -1)


def _point(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)
