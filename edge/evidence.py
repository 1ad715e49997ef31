"""The picture that proves an event: the frame with the head marked, named by its hash."""

import hashlib
from datetime import datetime

import cv2
import msgspec

from contracts.messages import Evidence
from contracts.vision import Box, Image

MEDIA = "image/jpeg"
QUALITY = 88
MARK = (36, 36, 230)


class PictureError(RuntimeError):
    """A picture that could not be made."""


class Picture(msgspec.Struct, frozen=True):
    """A JPEG and the words under which the centre expects it."""

    jpeg: bytes
    evidence: Evidence


def picture(image: Image, box: Box | None, captured: datetime) -> Picture:
    """The frame as JPEG with a rectangle around `box`; the frame itself stays as it is. Raises PictureError."""
    marked = image.copy()
    if box is not None:
        thick = max(2, image.shape[1] // 320)
        corners = ((round(box.x1), round(box.y1)), (round(box.x2), round(box.y2)))
        cv2.rectangle(marked, *corners, (255, 255, 255), thick + 2, cv2.LINE_AA)
        cv2.rectangle(marked, *corners, MARK, thick, cv2.LINE_AA)
    jpeg = as_jpeg(marked, QUALITY)
    return Picture(jpeg, Evidence(sha256=hashlib.sha256(jpeg).hexdigest(), media=MEDIA, captured=captured))


def as_jpeg(image: Image, quality: int) -> bytes:
    """Raises PictureError."""
    try:
        made, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise PictureError(f"a picture of {image.shape} cannot be made a JPEG ({error.err})") from error
    if not made:
        raise PictureError(f"a picture of {image.shape} cannot be made a JPEG")
    return buffer.tobytes()
