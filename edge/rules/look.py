"""PURE. What a lift's rules are given: one moment of a lift, and what is known of it for good."""

import msgspec

from contracts.kinds import CarStatus, ServiceMode
from contracts.messages import LiftSample
from edge.config import LiftConfig, LiftRules, Rules, TrappedRules
from edge.rules.presence import Presence
from edge.simulator.lift import LANDING_M

MAINTAINED = (ServiceMode.INSPECTION, ServiceMode.FIRE_RETURN, ServiceMode.FIREFIGHTER)
"""somebody trained is in charge of the lift: what it does then is no emergency of its passengers"""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds, and the lift's own figures."""

    lift: LiftRules = LiftRules()
    trapped: TrappedRules = TrappedRules()
    rated_speed: float = 1.75
    travel: float | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. A sensor that is shielded has no value in `sample`."""

    sample: LiftSample = LiftSample()
    age_s: float = 0.0
    """since the driver has said anything"""
    people: int | None = None
    """what the camera in the car sees"""
    presence: Presence = Presence()
    shielded: tuple[str, ...] = ()
    ride_score: float | None = None
    """of a ride that has just ended"""
    untested_s: float | None = None
    """since the last self-test of the alarm path"""

    @property
    def maintained(self) -> bool:
        return self.sample.mode in MAINTAINED

    @property
    def stands(self) -> bool:
        return self.sample.car is CarStatus.STOPPED

    @property
    def runs(self) -> bool:
        return self.sample.car is CarStatus.RUNNING


def setup_of(config: LiftConfig, rules: Rules) -> Setup:
    """What the rules need to know of a configured lift; a simulated one's travel is known without being told."""
    simulated = (config.floors - 1) * LANDING_M if config.driver == "simulator" else None
    travel = simulated if config.travel is None else config.travel
    return Setup(lift=rules.lift, trapped=rules.trapped, rated_speed=config.rated_speed, travel=travel)
