"""PURE: a ride from rest to rest with limited speed, acceleration and jerk (the S-curve of lift drives)."""

from math import sqrt
from typing import NamedTuple

HALVINGS = 60


class Motion(NamedTuple):
    """m, m/s, m/s2 along the ride."""

    position: float
    speed: float
    acceleration: float


class Ramp(NamedTuple):
    """From rest to a speed: jerk in, steady, jerk out; seconds of each."""

    rise: float
    hold: float
    fall: float


class Profile:
    """A ride of `distance` metres (> 0) within speed (m/s), acceleration (m/s2) and jerk (m/s3).

    `last_jerk` is the one at the landing; drives often let go of their braking more sharply there.
    """

    def __init__(
        self, distance: float, speed: float, acceleration: float, jerk: float, last_jerk: float | None = None
    ) -> None:
        last = jerk if last_jerk is None else last_jerk
        if min(distance, speed, acceleration, jerk, last) <= 0:
            raise ValueError(f"ride: {(distance, speed, acceleration, jerk, last)}, expected all above 0")
        self.distance = distance
        limits = (acceleration, jerk, last)
        top = speed if _way(speed, *limits) <= distance else _fastest(distance, speed, *limits)
        # Braking is a start that is played backwards.
        up, down = _ramp(top, acceleration, jerk, jerk), _ramp(top, acceleration, last, jerk)
        self.segments = (
            (jerk, up.rise),
            (0.0, up.hold),
            (-jerk, up.fall),
            (0.0, max(0.0, distance - _way(top, *limits)) / top),
            (-jerk, down.fall),
            (0.0, down.hold),
            (last, down.rise),
        )
        self.duration = sum(seconds for _, seconds in self.segments)

    def at(self, time: float) -> Motion:
        """Where the car is and how it moves, `time` seconds after the start."""
        if time >= self.duration:
            return Motion(self.distance, 0.0, 0.0)
        position, speed, acceleration, left = 0.0, 0.0, 0.0, max(0.0, time)
        for jerk, seconds in self.segments:
            t = min(left, seconds)
            position += speed * t + acceleration * t * t / 2 + jerk * t**3 / 6
            speed += acceleration * t + jerk * t * t / 2
            acceleration += jerk * t
            left -= t
            if left <= 0:
                break
        return Motion(position, speed, acceleration)


def _ramp(speed: float, acceleration: float, jerk_in: float, jerk_out: float) -> Ramp:
    slow = (1 / jerk_in + 1 / jerk_out) / 2
    peak = min(acceleration, sqrt(speed / slow))
    return Ramp(peak / jerk_in, max(0.0, speed / peak - peak * slow), peak / jerk_out)


def _ramp_way(speed: float, acceleration: float, jerk_in: float, jerk_out: float) -> float:
    """Metres of a ramp: what is still to come counts from its end, where the speed is reached."""
    ramp = _ramp(speed, acceleration, jerk_in, jerk_out)
    peak = jerk_in * ramp.rise
    middle = peak * ramp.rise / 2
    first = peak * ramp.rise**2 / 6
    steady = middle * ramp.hold + peak * ramp.hold**2 / 2
    return first + steady + speed * ramp.fall - peak * ramp.fall**2 / 6


def _way(speed: float, acceleration: float, jerk: float, last: float) -> float:
    """Metres of a start to a speed and of the braking from it."""
    return _ramp_way(speed, acceleration, jerk, jerk) + _ramp_way(speed, acceleration, last, jerk)


def _fastest(distance: float, speed: float, acceleration: float, jerk: float, last: float) -> float:
    """The speed from which the car can just stop in time, when the way is too short for full speed."""
    low, high = 0.0, speed
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _way(middle, acceleration, jerk, last) <= distance:
            low = middle
        else:
            high = middle
    return high
