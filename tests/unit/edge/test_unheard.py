"""What nobody listens to is tried seldom and alone; an alarm every second; all goes as soon as one was heard."""

import pytest

from edge.priority import Priority
from edge.unheard import Unheard


def tries(level: Priority, seconds: int) -> list[int]:
    """The seconds at which one message goes, none of which is ever heard."""
    deaf, gone = Unheard(), []
    deaf.again(level, 0)
    for now in range(1, seconds):
        if deaf.room(level, 50, now):
            gone.append(now)
            deaf.again(level, now)
    return gone


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Priority.ALARM, list(range(1, 120))),
        (Priority.EVENT, [1, 3, 7, *range(12, 120, 5)]),
        (Priority.TELEMETRY, [1, 3, 7, 15, 31, 61, 91]),
    ],
)
def test_pauses_grow_for_what_can_wait(level: Priority, expected: list[int]) -> None:
    assert tries(level, 120) == expected


def test_one_goes_first_and_all_when_it_was_heard() -> None:
    deaf = Unheard()
    assert deaf.room(Priority.TELEMETRY, 50, 0) == 50
    for _ in range(50):
        deaf.again(Priority.TELEMETRY, 10)
    assert deaf.room(Priority.TELEMETRY, 50, 10.5) == 0
    assert deaf.room(Priority.TELEMETRY, 50, 11) == 1
    assert deaf.room(Priority.TELEMETRY, 0, 11) == 0
    assert deaf.room(Priority.ALARM, 200, 10.5) == 200, "other lanes are their own"
    deaf.heard(Priority.TELEMETRY)
    assert deaf.room(Priority.TELEMETRY, 50, 11) == 50
