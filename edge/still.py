"""The public's still: small, rare, and with every head made unrecognisable, or no still at all."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from contracts.vision import Box, Detection, Image
from edge.evidence import PictureError, as_jpeg

LARGEST_WIDTH = 480
EXPAND = 0.4
COARSE = 4
"""the whole still has only a quarter of its width in detail, for a face that the detector missed"""
CELLS = 4
"""squares across a hidden region: too few for a face"""
QUALITY = 70


def still(image: Image, detections: Sequence[Detection] | None, lately: Sequence[Box] = ()) -> bytes | None:
    """A JPEG of at most 480 px in width, or None.

    `detections` must be of this very picture; None says that the detector did not look at it, and then there is no
    still. Neither is there one when anything fails: a missing picture harms nobody, a recognisable face does.
    `lately` are heads and people of the last seconds, hidden too in case that the detector missed one now.
    The picture is drawn anew from its pixels: no thumbnail and no camera's notes go with it.
    """
    if detections is None or image.ndim != 3 or 0 in image.shape:
        return None
    try:
        blurred = image.copy()
        for box in (*hidden(detections), *(_wider(box) for box in lately)):
            pixelate(blurred, box)
        scale = min(1.0, LARGEST_WIDTH / image.shape[1])
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        coarse = cv2.resize(
            blurred, (max(1, size[0] // COARSE), max(1, size[1] // COARSE)), interpolation=cv2.INTER_AREA
        )
        soft = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
        return as_jpeg(soft, QUALITY)
    except (cv2.error, PictureError, ValueError, OverflowError):
        return None


def hidden(detections: Sequence[Detection]) -> Iterator[Box]:
    """What must not be seen: heads and whole people, with room around them; who stoops has no head above."""
    for detection in detections:
        yield _wider(detection.box)


def _wider(box: Box) -> Box:
    more_x, more_y = box.width * EXPAND / 2, box.height * EXPAND / 2
    return Box(box.x1 - more_x, box.y1 - more_y, box.x2 + more_x, box.y2 + more_y)


def pixelate(image: Image, box: Box) -> None:
    """Replaces a region by at most CELLS x CELLS plain squares. Raises ValueError for corners that are no numbers."""
    height, width = image.shape[:2]
    x1, y1 = max(0, int(np.floor(box.x1))), max(0, int(np.floor(box.y1)))
    x2, y2 = min(width, int(np.ceil(box.x2))), min(height, int(np.ceil(box.y2)))
    if x1 >= x2 or y1 >= y2:
        return
    region = image[y1:y2, x1:x2]
    cells = (min(CELLS, x2 - x1), min(CELLS, y2 - y1))
    few = cv2.resize(region, cells, interpolation=cv2.INTER_AREA)
    region[:] = cv2.resize(few, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
