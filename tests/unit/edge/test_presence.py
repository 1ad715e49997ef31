"""Is anybody in the car: every way in which sensor, load and camera can agree or not."""

from datetime import UTC, datetime, timedelta

import pytest

from edge.presence import PresenceBoard
from edge.rules.presence import fuse

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
YES, NO, UNKNOWN = True, False, None


@pytest.mark.parametrize(
    ("sensor", "load", "camera", "inside", "source", "people"),
    [
        (YES, None, None, YES, "sensor", None),
        (YES, 2, None, YES, "sensor", None),
        (YES, 150, None, YES, "sensor", 2),
        (YES, None, 0, YES, "sensor", None),
        (YES, 2, 0, YES, "sensor", None),
        (YES, 150, 0, YES, "sensor", 2),
        (YES, None, 3, YES, "sensor", 3),
        (YES, 2, 1, YES, "sensor", 1),
        (YES, 150, 3, YES, "sensor", 3),
        (NO, None, None, NO, "sensor", None),
        (NO, 2, None, NO, "sensor", None),
        (NO, 150, None, UNKNOWN, "load", 2),
        (NO, None, 0, NO, "sensor", None),
        (NO, 2, 0, NO, "sensor", None),
        (NO, 150, 0, UNKNOWN, "load", 2),
        (NO, None, 1, YES, "camera", 1),
        (NO, 2, 1, YES, "camera", 1),
        (NO, 150, 2, YES, "camera", 2),
        (None, None, None, UNKNOWN, "nothing", None),
        (None, 2, None, UNKNOWN, "nothing", None),
        (None, 150, None, YES, "load", 2),
        (None, None, 0, NO, "camera", None),
        (None, 2, 0, NO, "camera", None),
        (None, 150, 0, UNKNOWN, "load", 2),
        (None, None, 2, YES, "camera", 2),
        (None, 2, 2, YES, "camera", 2),
        (None, 150, 4, YES, "camera", 4),
        (None, 29.9, None, UNKNOWN, "nothing", None),
        (None, 30, None, YES, "load", 1),
    ],
)
def test_sensor_load_and_camera_together(
    sensor: bool | None, load: float | None, camera: int | None, inside: bool | None, source: str, people: int | None
) -> None:
    found = fuse(sensor, load, camera)
    assert (found.inside, found.source, found.people) == (inside, source, people)
    if inside is None:
        assert found.confidence == 0.6
    assert (found.confidence == 1.0) is (source == "sensor" and not (sensor and camera == 0 and load == 2))


def test_the_board_forgets_after_ten_seconds_and_trusts_no_stepped_clock() -> None:
    now = T0
    board = PresenceBoard(now=lambda: now)
    assert board.people("camera-1") is None
    board.seen("camera-1", 2, T0)
    board.seen("camera-1", 0, T0 + timedelta(seconds=5))
    now = T0 + timedelta(seconds=10)
    assert (board.people("camera-1"), board.people("camera-2")) == (2, None)
    now = T0 + timedelta(seconds=10.1)
    assert board.people("camera-1") == 0
    now = T0 + timedelta(seconds=15.1)
    assert board.people("camera-1") is None
    now = T0 - timedelta(hours=1)
    assert board.people("camera-1") is None
