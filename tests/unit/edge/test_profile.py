"""The ride's physics: it arrives exactly, and never exceeds speed, acceleration or jerk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.simulator.profile import Profile

DISTANCE, SPEED = st.floats(0.05, 300), st.floats(0.2, 10)
ACCELERATION, JERK = st.floats(0.2, 1.5), st.floats(0.3, 2)


@given(DISTANCE, SPEED, ACCELERATION, JERK, JERK)
def test_arrives_exactly_and_at_rest(
    distance: float, speed: float, acceleration: float, jerk: float, last: float
) -> None:
    ride = Profile(distance, speed, acceleration, jerk, last)
    end = ride.at(ride.duration * (1 - 1e-12))
    assert end.position == pytest.approx(distance, rel=1e-6, abs=1e-6)
    assert end.speed == pytest.approx(0, abs=1e-5)
    assert ride.at(ride.duration + 1).position == distance


@given(DISTANCE, SPEED, ACCELERATION, JERK, JERK)
def test_keeps_its_limits(distance: float, speed: float, acceleration: float, jerk: float, last: float) -> None:
    ride = Profile(distance, speed, acceleration, jerk, last)
    steps = 400
    dt = ride.duration / steps
    before = ride.at(0)
    for step in range(1, steps + 1):
        now = ride.at(step * dt)
        assert -1e-6 <= now.speed <= speed * (1 + 1e-6) + 1e-6
        assert abs(now.acceleration) <= acceleration * (1 + 1e-6) + 1e-6
        assert abs(now.acceleration - before.acceleration) <= max(jerk, last) * dt * (1 + 1e-3) + 1e-6
        assert now.position >= before.position - 1e-9
        before = now


@given(DISTANCE, SPEED, ACCELERATION, JERK, JERK)
def test_a_ride_is_as_fast_as_it_may_be(
    distance: float, speed: float, acceleration: float, jerk: float, last: float
) -> None:
    ride = Profile(distance, speed, acceleration, jerk, last)
    fastest = max(ride.at(ride.duration * step / 500).speed for step in range(500))
    if ride.segments[3][1] > 0.01:
        assert fastest == pytest.approx(speed, rel=1e-3)
    sharper = Profile(distance, speed, acceleration, jerk, last * 2)
    assert sharper.duration <= ride.duration + 1e-6


def test_the_known_ride_of_a_start_and_a_sharper_landing() -> None:
    """1 s to 1 m/s2, 1 s of it, 1 s back: 2 m/s after 3 m; braking with 2 m/s3 at the landing."""
    ride = Profile(20, 2, 1, 1, 2)
    assert ride.at(3).speed == pytest.approx(2)
    assert ride.at(3).position == pytest.approx(3)
    assert [round(seconds, 3) for _, seconds in ride.segments[4:]] == [1, 1.25, 0.5]
    assert ride.at(ride.duration - 0.25).acceleration == pytest.approx(-0.5)


@pytest.mark.parametrize("values", [(0, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0), (1, 1, 1, 1, 0)])
def test_a_ride_without_sense_is_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="expected all above 0"):
        Profile(*values)
