"""The head as the second look sees it: a square of the picture around the head box, in the picture's own pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.vision import Box, Image

_PAD = 114
_AROUND = 1.1
"""Side of the square over the longer side of the box."""


def crop(image: Image, box: Box, side: int) -> NDArray[np.uint8]:
    """side x side x 3, BGR; what lies outside the picture is grey."""
    half = max(box.x2 - box.x1, box.y2 - box.y1, 2.0) * _AROUND / 2
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    x1, y1, x2, y2 = round(x - half), round(y - half), round(x + half), round(y + half)
    height, width = image.shape[:2]
    inside = image[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    edges = (max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width))
    if 0 in inside.shape:
        return np.full((side, side, 3), _PAD, np.uint8)
    square = cv2.copyMakeBorder(inside, *edges, cv2.BORDER_CONSTANT, value=(_PAD, _PAD, _PAD))
    while square.shape[0] >= 2 * side:
        square = cv2.resize(square, (square.shape[1] // 2, square.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(square, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
