"""The icons of the installed page: PNG of the size they say, a sun on its ground, corners that fit."""

import cv2
import numpy as np
import pytest

from api.crew.icons import GROUND, SUN, icon


@pytest.mark.parametrize("size", [180, 192, 512])
@pytest.mark.parametrize("whole", [True, False])
def test_an_icon(size: int, whole: bool) -> None:
    data = icon(size, whole)
    assert data.startswith(b"\x89PNG")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None and picture.shape == (size, size, 4)
    assert tuple(picture[size // 2, size // 2]) == SUN and tuple(picture[size // 20, size // 2]) == GROUND
    # Round corners show what lies behind; a phone that cuts its own shape gets ground to the edge.
    assert picture[0, 0, 3] == (255 if whole else 0)
    # What it cuts is no more than a fifth: the sun stays whole.
    suns = np.argwhere((picture == SUN).all(axis=2))
    assert suns.min() > size * (0.1 if whole else 0.05)
