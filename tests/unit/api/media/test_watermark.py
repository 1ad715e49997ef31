"""The copy that is shown bears who looks; what cannot be marked is not shown."""

import cv2
import numpy as np
import pytest

from api.media.watermark import MarkError, marked

PLAIN, FAINT = "王芳 regulator · 2026-11-26 11:22:33 · #18233", "regulator #18233"


def jpeg(width: int, height: int, tone: int) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), tone, np.uint8))[1].tobytes()


def opened(content: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image)


@pytest.mark.parametrize(("width", "height"), [(640, 360), (1920, 1080), (360, 640), (60, 40), (8, 8)])
@pytest.mark.parametrize("tone", [0, 128, 255])
def test_the_mark_is_all_over_and_in_a_corner(width: int, height: int, tone: int) -> None:
    shown = opened(marked(jpeg(width, height, tone), PLAIN, FAINT))
    assert shown.shape == (height, width, 3)
    if width < 300:
        return
    far = np.abs(shown.astype(int) - tone) > 12
    thirds = [part for rows in np.array_split(far, 3) for part in np.array_split(rows, 3, axis=1)]
    assert all(part.any() for part in thirds), "no part of the picture goes without"
    assert far[:-60].mean() < 0.25, "and what it shows can still be seen"
    assert opened(marked(jpeg(width, height, tone), PLAIN, "x")).shape == shown.shape


def test_names_in_chinese_are_drawn() -> None:
    corner = [opened(marked(jpeg(640, 360, 128), f"{name} x", " "))[-20:, :60] for name in ("王芳", "李强", "??")]
    assert not np.array_equal(corner[0], corner[1]) and not np.array_equal(corner[0], corner[2])


def test_a_very_large_picture_is_shown_at_half_its_size() -> None:
    assert opened(marked(jpeg(6400, 4800, 90), PLAIN, FAINT)).shape == (2400, 3200, 3)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\xff\xd8\xff\xe0" + b"picture" * 50, jpeg(64, 48, 9)[:40]],
)
def test_what_cannot_be_marked_is_not_shown(content: bytes) -> None:
    with pytest.raises(MarkError):
        marked(content, PLAIN, FAINT)


def test_a_picture_that_says_it_is_huge_is_not_opened() -> None:
    small = jpeg(64, 48, 9)
    at = small.index(b"\xff\xc0") + 5
    with pytest.raises(MarkError, match="65535 x 65535 pixels"):
        marked(small[:at] + b"\xff\xff\xff\xff" + small[at + 4 :], PLAIN, FAINT)
