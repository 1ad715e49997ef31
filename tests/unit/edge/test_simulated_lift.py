"""The simulated lift: rides, traps and is set free, always within its shaft."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Power
from edge.simulator.faults import Fault
from edge.simulator.lift import LANDING_M, Lift, Phase


def run(lift: Lift, seconds: float, dt: float = 0.1) -> None:
    for _ in range(round(seconds / dt)):
        lift.step(dt)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 30))
def test_stays_in_its_shaft_and_moves_with_closed_doors_only(seed: int, floors: int) -> None:
    lift = Lift(floors, Random(seed))
    for _ in range(1200):
        lift.step(0.1)
        assert -0.01 <= lift.position <= (floors - 1) * LANDING_M + 0.01
        if lift.phase is Phase.MOVING:
            assert lift.door == 0
        if lift.door > 0:
            assert lift.in_zone
            assert lift.speed == 0


def test_traffic_flows() -> None:
    lift = Lift(12, Random(1))
    opened = 0
    for _ in range(6000):
        before = lift.phase
        lift.step(0.1)
        opened += before is not Phase.OPEN and lift.phase is Phase.OPEN
    assert opened > 10


@pytest.mark.parametrize("seed", range(5))
def test_trapped_between_landings_and_set_free(seed: int) -> None:
    lift = Lift(12, Random(seed))
    run(lift, 7)
    lift.fault(Fault.TRAP_BETWEEN)
    run(lift, 40)
    sample = lift.sample()
    assert lift.phase is Phase.STUCK
    assert lift.people >= 1
    assert (sample.car, sample.door_zone, sample.door_closed) == (CarStatus.STOPPED, False, True)
    assert sample.codes == ("04",)
    lift.fault(Fault.RELEASE)
    run(lift, 3)
    assert (lift.in_zone, lift.door > 0) == (True, True)


def test_trapped_at_a_landing() -> None:
    lift = Lift(12, Random(3))
    lift.fault(Fault.TRAP_LEVEL)
    run(lift, 30)
    assert (lift.phase, lift.in_zone, lift.door, lift.codes) == (Phase.STUCK, True, 0, ("03",))


def test_button_and_power() -> None:
    lift = Lift(12, Random(3))
    lift.fault(Fault.ALARM_BUTTON)
    assert lift.sample().alarm_button
    run(lift, 4)
    assert not lift.sample().alarm_button
    lift.fault(Fault.POWER_CUT)
    run(lift, 1)
    assert lift.sample().power is Power.FAILED


def test_a_presence_sensor_blinks() -> None:
    lift = Lift(12, Random(3))
    lift.people = 1
    seen = [lift.sample().passenger for _ in range(400)]
    assert 0 < seen.count(False) < 60
