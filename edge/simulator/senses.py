"""PURE but for the lift's random numbers: what a lift's sensors say of it, with noise and a presence that blinks."""

from typing import TYPE_CHECKING

from contracts.kinds import CarStatus, Direction, Power
from contracts.messages import LiftSample

if TYPE_CHECKING:
    from edge.simulator.lift import Lift

BLINK = 0.05
LOAD_NOISE_KG = 2.0
ACCELERATION_NOISE = 0.012
"""m/s2; a phone on the floor of a standing car shows 0.011 to 0.018"""


def sample(lift: "Lift") -> LiftSample:
    """One reading."""
    rng = lift.rng
    direction = (Direction.UP if lift.up else Direction.DOWN) if lift.moving else Direction.NONE
    seen = lift.people > 0 and rng.random() > BLINK
    shaken = lift.condition.shake(lift.position, lift.speed, lift.acceleration, rng)
    return LiftSample(
        mode=lift.mode,
        car=CarStatus.RUNNING if lift.moving else CarStatus.STOPPED,
        direction=direction,
        floor=str(lift.floor + 1),
        door_zone=lift.in_zone,
        door_closed=lift.door <= 0.01,
        passenger=None if lift.sensor_dead else seen,
        power=Power.MAINS if lift.power else Power.FAILED,
        alarm_button=lift.time < lift.button_until,
        speed=round(lift.speed, 3),
        position=round(lift.position, 3),
        load=round(max(0.0, sum(lift.load) + rng.gauss(0, LOAD_NOISE_KG)), 1),
        acceleration=round(lift.acceleration + shaken + rng.gauss(0, ACCELERATION_NOISE), 3),
        codes=lift.codes if lift.power else (*lift.codes, "41"),
    )
