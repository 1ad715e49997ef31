"""Every fault of the simulated lift looks on its sensors as it does in a building, and a crew puts it right."""

from collections import Counter
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Power, ServiceMode
from edge.simulator import faults, traffic
from edge.simulator.faults import MIX, Fault
from edge.simulator.lift import CAUGHT_M, GOVERNOR, LANDING_M, Lift, Phase


def lift(seed: int = 3, floors: int = 12) -> Lift:
    made = Lift(floors, Random(seed))
    run(made, 15)
    return made


def run(one: Lift, seconds: float, dt: float = 0.05) -> list[float]:
    """The speeds on the way."""
    speeds = []
    for _ in range(round(seconds / dt)):
        one.step(dt)
        speeds.append(one.speed)
    return speeds


def test_the_brake_takes_its_way_when_the_mains_fails_in_mid_ride() -> None:
    one = lift()
    while abs(one.speed) < 1.5:
        one.step(0.05)
    before = one.position
    one.fault(Fault.POWER_CUT)
    run(one, 3)
    assert one.phase is Phase.STUCK
    assert 0.4 < abs(one.position - before) < 1.0
    assert (one.sample().power, one.sample().codes) == (Power.FAILED, ("41",))
    one.fault(Fault.RESTORE)
    speeds = run(one, 20)
    assert 0.2 < max(map(abs, speeds[:100])) <= 0.31
    assert one.phase is not Phase.STUCK


@pytest.mark.parametrize(
    ("fault", "codes", "closed"),
    [
        (Fault.DOOR_WONT_OPEN, ("03",), True),
        (Fault.DRIFT, ("05",), False),
        (Fault.OVERSPEED, ("01",), True),
        (Fault.OVERTRAVEL, ("01",), True),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_faults_that_end_in_a_stuck_car_until_a_crew_comes(
    fault: Fault, codes: tuple[str, ...], closed: bool, seed: int
) -> None:
    one = lift(seed)
    one.fault(fault)
    speeds = run(one, 90)
    sample = one.sample()
    assert (one.phase, sample.codes, sample.door_closed) == (Phase.STUCK, codes, closed)
    if fault is Fault.DRIFT:
        assert sample.car is CarStatus.STOPPED
        assert abs(one.position - one.floor * LANDING_M) == pytest.approx(CAUGHT_M, abs=0.02)
    if fault is Fault.OVERSPEED:
        assert max(map(abs, speeds)) > GOVERNOR * one.rated
    if fault is Fault.OVERTRAVEL:
        assert one.position > one.top + 0.4
    one.fault(Fault.RELEASE)
    run(one, 120)
    assert one.codes == ()
    assert one.phase is not Phase.STUCK


def test_a_door_that_will_not_close_and_one_that_opens_again_and_again() -> None:
    one = lift()
    one.fault(Fault.DOOR_WONT_CLOSE)
    run(one, 20)
    for _ in range(600):
        one.step(0.1)
        assert not one.sample().door_closed
    assert one.codes == ("02",)
    one = lift()
    one.fault(Fault.REOPENING)
    closings = 0
    for _ in range(1200):
        before = one.door
        one.step(0.1)
        closings += before > 0 and one.door <= 0
    assert closings >= 8


def test_a_dead_sensor_says_nothing_and_inspection_creeps() -> None:
    one = lift()
    one.fault(Fault.SENSOR_DEAD)
    assert one.sample().passenger is None
    one.fault(Fault.INSPECTION)
    run(one, 30)
    assert one.sample().mode is ServiceMode.INSPECTION
    speeds = run(one, 90)
    assert 0.2 < max(map(abs, speeds)) <= 0.31
    one.fault(Fault.RELEASE)
    assert (one.sample().mode, one.sample().passenger is None) == (ServiceMode.NORMAL, False)


def test_too_short_a_shaft_is_said_in_words() -> None:
    with pytest.raises(ValueError, match="too short"):
        lift(floors=3).fault(Fault.OVERSPEED)


def test_causes_come_in_the_published_shares() -> None:
    rng = Random(1)
    drawn = Counter(faults.draw(rng) for _ in range(5000))
    assert 0.19 <= drawn[Fault.POWER_CUT] / 5000 <= 0.36
    doors = drawn[Fault.DOOR_WONT_OPEN] + drawn[Fault.TRAP_LEVEL]
    assert 0.12 <= doors / 5000 <= 0.16
    assert sum(share for _, share, _ in MIX) == pytest.approx(1)
    assert faults.next_fault(0, rng) == float("inf")
    assert mean(faults.next_fault(2, rng) for _ in range(4000)) == pytest.approx(15 * 86_400, rel=0.1)
    assert 13 < mean(faults.repaired_after(rng) for _ in range(4000)) / 60 < 19


def test_a_lift_with_drawn_faults_breaks_and_is_put_right() -> None:
    one = Lift(12, Random(5), faults_per_month=3000)
    phases = Counter[Phase]()
    for _ in range(120_000):
        one.step(0.1)
        phases[one.phase] += 1
    assert phases[Phase.STUCK] > 1000
    assert phases[Phase.MOVING] > 1000


def test_traffic_has_its_peaks_and_its_trough() -> None:
    def share(*hours: int) -> float:
        return mean(traffic.weight(hour) for hour in hours)

    day = share(*range(24))
    assert min(share(8, 9), share(12, 13), share(17, 18, 19)) > 1.3 * day
    assert max(traffic.weight(hour) for hour in (4.0, 4.5, 5.0)) < 0.1
    assert traffic.weight(23.999) == pytest.approx(traffic.weight(0), abs=0.01)
    rng = Random(2)
    assert mean(traffic.next_call(4.5, rng) for _ in range(500)) > 10 * mean(
        traffic.next_call(9, rng) for _ in range(500)
    )
    assert 0.5 < mean(traffic.boarding(9, rng) for _ in range(500)) < 2.6


def test_an_hour_of_rides_at_night_and_at_noon() -> None:
    def rides(hour: float) -> int:
        one, moved = Lift(12, Random(4), hour=hour), 0
        for _ in range(18_000):
            before = one.phase
            one.step(0.1)
            moved += before is not Phase.MOVING and one.phase is Phase.MOVING
        return moved

    assert rides(12.5) > 3 * rides(4.2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.lists(st.tuples(st.sampled_from(Fault), st.integers(1, 40)), max_size=12))
def test_any_row_of_faults_stays_physical_and_a_crew_ends_it(seed: int, row: list[tuple[Fault, int]]) -> None:
    one = Lift(16, Random(seed))

    def physical(seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            before = one.position
            one.step(0.1)
            assert -0.1 <= one.position <= one.top + 1.7
            assert abs(one.position - before) <= 0.1 * 1.5 * one.rated + 0.01
            assert 0 <= one.door <= 1
            if one.moving:
                assert one.door == 0
            sample = one.sample()
            assert sample.load is not None and sample.load >= 0

    for fault, seconds in row:
        if fault is not Fault.RELEASE:
            one.fault(fault)
            physical(seconds)
    one.fault(Fault.RESTORE)
    one.fault(Fault.RELEASE)
    one.step(0.1)
    physical(150)
    assert (one.phase is Phase.STUCK, one.codes, one.mode) == (False, (), ServiceMode.NORMAL)
