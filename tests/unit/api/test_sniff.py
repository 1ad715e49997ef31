"""A photo is what can be decoded, whatever it is called; what was refused is named."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sniff import NotAPhoto, demand_photo, found

NOISE = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
PHOTO = bytes(cv2.imencode(".jpg", NOISE)[1])


def test_a_photo_is_one() -> None:
    demand_photo(PHOTO)
    assert found(PHOTO) == "a JPEG picture"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing"),
        (bytes(cv2.imencode(".png", NOISE)[1]), "a PNG picture"),
        (b"GIF89a", "a GIF picture"),
        (b"\0\0\0\x18ftypheic", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom", "an MP4 video"),
        (b"%PDF-1.7", "a PDF document"),
        (b"  <SVG onload=alert(1)>", "a web page or SVG"),
        (b"MZ\x90\0", "a program"),
        ("字".encode(), "text"),
        (b"\0\1\2", "something else"),
        (b"\xff\xd8\xff<html>", "a picture of 0 x 0"),
        (PHOTO[:2] + PHOTO[-2:], "a picture of 0 x 0"),
    ],
)
def test_what_is_none_is_named(content: bytes, words: str) -> None:
    with pytest.raises(NotAPhoto, match=f"found {words}"):
        demand_photo(content)


def test_a_picture_that_unpacks_to_gigabytes_is_never_unpacked() -> None:
    at = PHOTO.index(b"\xff\xc0") + 5
    bomb = PHOTO[:at] + b"\xff\xdc\xff\xdc" + PHOTO[at + 4 :]
    with pytest.raises(NotAPhoto, match="65500 x 65500"):
        demand_photo(bomb)


@given(st.binary(max_size=200), st.integers(0, len(PHOTO)))
def test_damage_is_refused_or_shown_never_a_fault(noise: bytes, at: int) -> None:
    for content in (noise, PHOTO[:at] + noise, PHOTO[:at] + noise + PHOTO[at + len(noise) :]):
        try:
            demand_photo(content)
        except NotAPhoto as refusal:
            assert str(refusal).startswith("found ")
