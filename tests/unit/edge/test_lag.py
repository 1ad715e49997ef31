"""A stream that falls behind is noticed; a burst at the start, jitter and a step of its clock are not."""

import random

import pytest

from edge.lag import TOO_LATE_S, WORTH_SAYING_S, LagState, step


def play(delay: list[float], rate: float = 10) -> LagState:
    """Packets of a stream whose n-th comes so many seconds late."""
    state = LagState()
    for number, late in enumerate(delay):
        state = step(state, number / rate, 1000 + number / rate + late)
    return state


def test_a_stream_in_time_has_no_lag() -> None:
    assert abs(play([0.0] * 1000).lag_s) < 1e-6


def test_a_burst_at_the_start_is_no_lag() -> None:
    assert abs(play([1.8 - number / 10 for number in range(18)] + [0.0] * 1000).lag_s) < 0.01


def test_jitter_is_no_lag() -> None:
    chance = random.Random(1)
    assert abs(play([chance.uniform(0, 3) for _ in range(2000)]).lag_s) < WORTH_SAYING_S / 2


@pytest.mark.parametrize("late", [3.0, -3.0, 12.0])
def test_what_stays_late_is_told(late: float) -> None:
    state = play([0.0] * 400 + [late] * 200)
    assert abs(state.lag_s - late) < 0.01 and (state.lag_s > TOO_LATE_S) == (late > 10)


def test_a_stream_that_is_read_too_slowly_falls_behind() -> None:
    assert play([max(0.0, (number - 400) * 0.02) for number in range(1000)]).lag_s > TOO_LATE_S


def test_a_step_of_the_streams_clock_begins_anew() -> None:
    assert play([0.0] * 400 + [5000.0] * 400).lag_s == 0
