"""What bytes really are, whatever they are called: a picture is one that can be decoded, and says how large it is."""

from contextlib import suppress

import cv2
import numpy as np

MOST_PIXELS = 50_000_000
"""of a photo; a small file can unpack to gigabytes"""
MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "an MP4 video"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class NotAPhoto(ValueError):
    """These bytes are no JPEG that can be shown; the text says what was found."""


def found(content: bytes) -> str:
    """PURE. What bytes look like, in words that go behind "found"."""
    if not content:
        return "nothing"
    for at, mark, words in MARKS:
        if content[at : at + len(mark)] == mark:
            return words
    with suppress(UnicodeDecodeError):
        text = content[:512].decode().lstrip("\ufeff \r\n\t").lower()
        if "\0" not in text:
            return "a web page or SVG" if text.startswith(("<!doctype", "<html", "<svg", "<?xml")) else "text"
    return "something else"


def demand_photo(content: bytes) -> None:
    """Decodes a JPEG to see that it is one. Takes some milliseconds for each megapixel. Raises NotAPhoto."""
    if not content.startswith(MARKS[0][1]):
        raise NotAPhoto(f"found {found(content)}")
    width, height = _size(content)
    if not 0 < width * height <= MOST_PIXELS:
        raise NotAPhoto(
            f"found a picture of {width} x {height}, expected at most {MOST_PIXELS // 1_000_000} megapixels"
        )
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise NotAPhoto("found a JPEG that cannot be decoded")


def _size(content: bytes) -> tuple[int, int]:
    """What the header of the frame says; (0, 0) where there is none."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in FRAMES:
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return 0, 0
