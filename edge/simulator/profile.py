"""PURE: a ride from rest to rest with limited speed, acceleration and jerk (the S-curve of lift drives)."""

from math import sqrt
from typing import NamedTuple


class Motion(NamedTuple):
    """m, m/s, m/s2 along the ride."""

    position: float
    speed: float
    acceleration: float


class Profile:
    """A ride of `distance` metres (> 0) within speed (m/s), acceleration (m/s2) and jerk (m/s3)."""

    def __init__(self, distance: float, speed: float, acceleration: float, jerk: float) -> None:
        if min(distance, speed, acceleration, jerk) <= 0:
            raise ValueError(f"ride: {(distance, speed, acceleration, jerk)}, expected all above 0")
        self.distance = distance
        ramp, rise, cruise = _times(distance, speed, acceleration, jerk)
        hold = max(0.0, rise - 2 * ramp)
        self.segments = (
            (jerk, ramp),
            (0.0, hold),
            (-jerk, ramp),
            (0.0, cruise),
            (-jerk, ramp),
            (0.0, hold),
            (jerk, ramp),
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


def _times(distance: float, speed: float, acceleration: float, jerk: float) -> tuple[float, float, float]:
    """Seconds of one jerk ramp, of the whole acceleration, and at constant speed."""
    if speed * jerk >= acceleration**2:
        ramp = acceleration / jerk
        rise = ramp + speed / acceleration
    else:
        ramp = sqrt(speed / jerk)
        rise = 2 * ramp
    cruise = distance / speed - rise
    if cruise >= 0:
        return ramp, rise, cruise
    # Too short for full speed.
    if distance >= 2 * acceleration**3 / jerk**2:
        ramp = acceleration / jerk
        return ramp, ramp / 2 + sqrt((ramp / 2) ** 2 + distance / acceleration), 0.0
    ramp = (distance / (2 * jerk)) ** (1 / 3)
    return ramp, 2 * ramp, 0.0
