"""The simulated lift under its rules: every fault is told by the rule that is meant for it, a whole day of none."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from contracts.kinds import Phase, Rule
from edge.rules import Decision, lifts
from edge.rules.look import Look, Setup
from edge.simulator.faults import Fault
from edge.simulator.lift import Lift

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SETUP = Setup(travel=33.0)


class Watched:
    """A simulated lift, read ten times a second."""

    def __init__(self, seed: int, hour: float = 9.0) -> None:
        self.lift, self.state, self.ticks = Lift(12, Random(seed), hour=hour), lifts.first(), 0
        self.said: list[Decision] = []

    def run(self, seconds: float) -> "Watched":
        for _ in range(round(seconds * 10)):
            self.lift.step(0.1)
            self.ticks += 1
            now = T0 + timedelta(seconds=self.ticks / 10)
            self.state, decided = lifts.step(self.state, Look(sample=self.lift.sample()), now, SETUP)
            self.said += decided
        return self

    def told(self, phase: Phase) -> set[Rule]:
        return {one.rule for one in self.said if one.phase is phase}


@pytest.mark.parametrize(
    ("fault", "rule", "seconds"),
    [
        (Fault.TRAP_BETWEEN, Rule.TRAPPED_NON_LEVEL, 60),
        (Fault.TRAP_LEVEL, Rule.TRAPPED_LEVEL, 120),
        (Fault.ALARM_BUTTON, Rule.ALARM_BUTTON, 5),
        (Fault.POWER_CUT, Rule.MAINS_LOST, 5),
        (Fault.DOOR_WONT_OPEN, Rule.DOOR_NOT_OPENING, 60),
        (Fault.DOOR_WONT_CLOSE, Rule.DOOR_NOT_CLOSING, 120),
        (Fault.REOPENING, Rule.DOOR_REOPENING, 90),
        (Fault.DRIFT, Rule.UNINTENDED_MOVEMENT, 60),
        (Fault.OVERSPEED, Rule.OVERSPEED, 60),
        (Fault.OVERTRAVEL, Rule.OVERTRAVEL, 60),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_told_and_its_end_too(fault: Fault, rule: Rule, seconds: float, seed: int) -> None:
    watched = Watched(seed).run(60)
    assert watched.said == []
    watched.lift.fault(fault)
    watched.run(seconds)
    assert rule in watched.told(Phase.START)
    watched.lift.fault(Fault.RESTORE)
    watched.lift.fault(Fault.RELEASE)
    watched.run(120)
    assert watched.told(Phase.START) == watched.told(Phase.END)


def test_a_sensor_that_dies_three_times_is_shielded() -> None:
    watched = Watched(1)
    for _ in range(3):
        watched.run(20).lift.fault(Fault.SENSOR_DEAD)
        watched.run(12).lift.fault(Fault.RELEASE)
    assert watched.told(Phase.START) == {Rule.SENSOR_SHIELDED}


def test_inspection_is_no_emergency() -> None:
    watched = Watched(2).run(20)
    watched.lift.fault(Fault.INSPECTION)
    watched.run(900).lift.fault(Fault.RELEASE)
    assert watched.run(120).said == []


@pytest.mark.parametrize(("seed", "hour"), [(1, 8.0), (2, 17.5), (3, 3.0)])
def test_two_hours_of_healthy_traffic_say_nothing(seed: int, hour: float) -> None:
    assert Watched(seed, hour).run(7200).said == []
