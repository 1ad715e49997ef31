"""A picture marked with who looks at it: faintly all over, plainly in a corner. The original stays as it is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from api.jpeg import JpegError, size

Image = NDArray[np.uint8]
MOST_PIXELS, FULL_PIXELS = 100_000_000, 25_000_000
"""what is larger is not opened; what is larger than the second is shown at half its size"""
QUALITY = 88
FAINT, GROUND = 0.2, 0.55
TURN = 24.0
"""degrees"""


class MarkError(ValueError):
    """A picture that cannot be marked, and so is not shown."""


def marked(jpeg: bytes, plain: str, faint: str) -> bytes:
    """The picture with `plain` in its corner and `faint` all over, as a JPEG that says nothing else. Raises MarkError.

    OpenCV's own font holds Chinese; a rare character becomes a question mark, the login beside it does not.
    """
    image = _opened(jpeg)
    height, width = image.shape[:2]
    _cover(image, faint, max(12, min(height, width) // 22))
    _corner(image, plain, max(11, min(height, width) // 28))
    made, out = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not made:
        raise MarkError("cannot be written again")
    return out.tobytes()


def _opened(jpeg: bytes) -> Image:
    try:
        width, height = size(jpeg)
    except JpegError as fault:
        raise MarkError(str(fault)) from fault
    if width * height > MOST_PIXELS:
        raise MarkError(f"{width} x {height} pixels, expected at most {MOST_PIXELS // 1_000_000} million")
    way = cv2.IMREAD_COLOR if width * height <= FULL_PIXELS else cv2.IMREAD_REDUCED_COLOR_2
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), way)
    except cv2.error as fault:
        raise MarkError("cannot be read") from fault
    if image is None:
        raise MarkError("cannot be read")
    return np.asarray(image, np.uint8)


def _cover(image: Image, text: str, high: int) -> None:
    """Rows of the text, turned, light with a dark edge: seen on white and on black."""
    height, width = image.shape[:2]
    side = int(np.hypot(height, width)) + 2 * high
    cell = _cell(text, high)
    rows = np.tile(cell, (side // cell.shape[0] + 1, side // cell.shape[1] + 1))[:side, :side]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), TURN, 1)
    turn[:, 2] += ((width - side) / 2, (height - side) / 2)
    layer = cv2.warpAffine(rows, turn, (width, height), flags=cv2.INTER_NEAREST)
    tones = cv2.cvtColor(layer, cv2.COLOR_GRAY2BGR)
    cv2.copyTo(cv2.addWeighted(image, 1 - FAINT, tones, FAINT, 0), layer, image)


def _cell(text: str, high: int) -> Image:
    """Two rows of the text, the second shifted by half; grey as it is drawn, 0 where nothing is."""
    across = _wide(text, high) + 4 * high
    cell = np.zeros((high * 10, across), np.uint8)
    for number in range(2):
        for x in (-across // 2, across // 2) if number else (0,):
            for shift, colour in ((max(1, high // 14), 1), (0, 255)):
                at = (x + shift, high * (2 + 5 * number) + shift)
                cv2.putText(cell, text, at, (colour,), _font(), high, 500)
    return cell


def _corner(image: Image, text: str, high: int) -> None:
    height, width = image.shape[:2]
    while high > 7 and _wide(text, high) + high > width:
        high -= 1
    box = (min(width, _wide(text, high) + high), min(height, round(high * 1.8)))
    part = image[height - box[1] :, : box[0]]
    part[:] = (part * (1 - GROUND)).astype(np.uint8)
    cv2.putText(image, text, (high // 2, height - round(high * 0.55)), (255, 255, 255), _font(), high, 500)


def _font() -> cv2.FontFace:
    return cv2.FontFace("uni")


def _wide(text: str, high: int) -> int:
    return int(cv2.getTextSize((10_000, 10_000), text, (0, 0), _font(), high, 500)[2])
