"""Ingest stops asking for telemetry when it has been behind for long, and asks again once it has caught up."""

import pytest

from ingest.hold import Hold

STEPS = [
    (0, True, False),
    (19, True, False),
    (20, True, True),
    (30, True, True),
    (31, False, False),
    (32, True, False),
    (40, False, False),
    (45, True, False),
    (64, True, False),
    (65, True, True),
]


def test_on_after_a_while_behind_off_when_caught_up() -> None:
    hold = Hold(20)
    for now, behind, on in STEPS:
        before = hold.on
        assert hold.turns(behind, now) is (on is not before)
        assert hold.on is on


@pytest.mark.parametrize("now", [0, 1e9])
def test_nought_seconds_mean_never(now: float) -> None:
    hold = Hold(0)
    assert not hold.turns(True, 0)
    assert not hold.turns(True, now)
