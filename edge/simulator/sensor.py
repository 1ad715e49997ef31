"""A kitchen's temperature and humidity: slow, with the stove's rhythm."""

from math import sin
from random import Random

from contracts.messages import ClimateSample


def climate(seconds: float, rng: Random) -> ClimateSample:
    """What the sensor says `seconds` after its start."""
    return ClimateSample(
        temperature=round(23.5 + 1.2 * sin(seconds / 900) + rng.gauss(0, 0.05), 2),
        humidity=round(min(100.0, max(0.0, 58 + 6 * sin(seconds / 1300) + rng.gauss(0, 0.3))), 1),
    )
