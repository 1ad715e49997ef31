"""Five quick restarts in a minute, then longer and longer waits, and quick again after a healthy minute."""

from edge.restarts import Restarts, step


def play(lives: list[float], shown: float = 0.0) -> list[float]:
    """The waits after processes that lived so long."""
    state, now, waits = Restarts(), 0.0, []
    for life in lives:
        now += life
        state, wait = step(state, life if shown else 0.0, now, 0.5, 10)
        waits.append(wait)
        now += wait
    return waits


def test_a_dead_camera_is_tried_five_times_quickly() -> None:
    assert play([1.0] * 12) == [0.5] * 5 + [1, 2, 4, 8, 10, 10, 10]


def test_a_camera_that_falls_once_in_a_while_is_back_at_once() -> None:
    assert set(play([20.0] * 30, shown=1)) == {0.5}


def test_a_camera_that_shows_one_picture_and_dies_is_slowed_too() -> None:
    assert play([2.0] * 12, shown=1)[-1] == 10


def test_a_healthy_minute_is_forgiven() -> None:
    waits = play([1.0] * 10 + [70.0, 1.0, 1.0], shown=1)
    assert waits[9] == 10 and waits[10:] == [0.5] * 3


def test_waits_never_overflow() -> None:
    assert play([0.0] * 3000)[-1] == 10
