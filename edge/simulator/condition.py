"""PURE. How worn a simulated lift is: what its rides add to the acceleration that the drive asked for."""

from math import pi, sin
from random import Random

import msgspec

RATED, CREEPS = 1.75, 0.3
"""m/s"""


class Condition(msgspec.Struct, frozen=True):
    """m/s2 each, at rated speed; all 0 is a lift as new. A guide rail speaks by place, a roller by turns."""

    roughness: float = 0.0
    """broadband: guide shoes without oil, dust on rails"""
    joints: float = 0.0
    """a kick at every rail joint, each 5 m"""
    flat_roller: float = 0.0
    """a tone with a wavelength of half a metre"""
    judder: float = 0.0
    """a shiver while the drive accelerates or brakes: a slipping or badly tuned drive"""
    levelling: float = 0.0
    """hunting for the landing in the last centimetres, and a rough first move"""
    sway: float = 0.0
    """a slow swing of the ropes, 1.2 m of the way"""

    def shake(self, position: float, speed: float, acceleration: float, rng: Random) -> float:
        """What the accelerometer sees besides the ride."""
        share = min(1.5, abs(speed) / RATED)
        joint = self.joints if position % 5.0 < abs(speed) * 0.1 else 0.0
        return (
            rng.gauss(0, 1) * self.roughness * share
            + (joint if rng.random() < 0.5 else -joint)
            + self.flat_roller * share * sin(2 * pi * position / 0.5)
            + (rng.gauss(0, 1) * self.judder if abs(acceleration) > 0.1 else 0.0)
            + (rng.gauss(0, 1) * self.levelling if 0.005 < abs(speed) < CREEPS else 0.0)
            + self.sway * share * sin(2 * pi * position / 1.2)
        )
