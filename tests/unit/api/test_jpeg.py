"""What a photo tells besides its picture is taken out, and the picture stays the same."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jpeg import JpegError, bare

Array = np.ndarray[Any, Any]


def photo(quality: int = 90, progressive: bool = False) -> bytes:
    ramp = np.add.outer(np.arange(48), np.arange(64) * 2).astype(np.uint8)
    picture = np.dstack([ramp, 255 - ramp, ramp // 2])
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    _, coded = cv2.imencode(".jpg", picture, options)
    return bytes(coded)


def pixels(picture: bytes, flags: int = cv2.IMREAD_COLOR) -> Array:
    seen: Array | None = cv2.imdecode(np.frombuffer(picture, np.uint8), flags)
    assert seen is not None
    return seen


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def exif(orientation: int, order: str = "MM") -> bytes:
    byteorder: Any = "big" if order == "MM" else "little"

    def word(value: int, size: int) -> bytes:
        return value.to_bytes(size, byteorder)

    entries = word(0x0112, 2) + word(3, 2) + word(1, 4) + word(orientation, 2) + b"\0\0"
    position = word(0x8825, 2) + word(4, 2) + word(1, 4) + word(90, 4)
    tiff = order.encode() + word(42, 2) + word(8, 4) + word(2, 2) + entries + position + word(0, 4)
    return segment(0xE1, b"Exif\0\0" + tiff + b"GPS 22.5170 N 113.3820 E")


def told(picture: bytes, *segments: bytes) -> bytes:
    return picture[:2] + b"".join(segments) + picture[2:]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("order", ["MM", "II"])
def test_the_position_goes_and_the_picture_stays(progressive: bool, order: str) -> None:
    plain = photo(progressive=progressive)
    spoken = told(plain, exif(6, order), segment(0xFE, b"by Wang"), segment(0xED, b"Photoshop 3.0\0 Wang"))
    spoken += b"\0\0\0\x18ftypmp42 a video with a position behind the end"
    shown = bare(spoken)
    for secret in (b"GPS", b"Wang", b"ftyp"):
        assert secret in spoken
        assert secret not in shown
    assert np.array_equal(pixels(shown, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION), pixels(plain))
    assert pixels(shown).shape[:2] == (64, 48), "it is still turned upright"
    assert bare(shown) == shown


def test_a_picture_that_says_nothing_is_left_alone() -> None:
    assert bare(photo()) == photo()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"GIF89a", "begins with something else"),
        (photo()[:-2], "ends in the middle"),
        (photo()[:200], "longer than the file"),
        (b"\xff\xd8", "no marker at byte 2"),
        (b"\xff\xd8\xff\x00", "no marker"),
    ],
)
def test_what_is_no_whole_picture_is_refused(broken: bytes, words: str) -> None:
    with pytest.raises(JpegError, match=words):
        bare(broken)


@given(st.binary(max_size=300), st.integers(min_value=2, max_value=600))
def test_no_bytes_break_it(noise: bytes, at: int) -> None:
    whole = photo(20)
    try:
        shown = bare(whole[:at] + noise + whole[at:])
    except JpegError:
        return
    assert shown.startswith(b"\xff\xd8")
    assert shown.endswith(b"\xff\xd9")


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=8))
def test_whatever_an_application_writes_is_gone(words: bytes, orientation: int) -> None:
    plain = photo(20)
    shown = bare(told(plain, exif(orientation), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + words)))
    assert shown == (plain if orientation == 1 else told(plain, bare_turn(orientation)))


def bare_turn(orientation: int) -> bytes:
    return bare(told(photo(20), exif(orientation)))[2 : 2 + 36]
