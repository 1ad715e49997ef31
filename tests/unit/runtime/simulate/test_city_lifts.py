"""Cars are plausible at every moment, whatever happens to them."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Direction
from contracts.messages import LiftSample
from edge.config import TrappedRules
from edge.rules.trapped import TrappedState, step
from runtime.simulate.lifts import STOREY_M, Car
from runtime.simulate.speakers import instant

STEPS = st.lists(
    st.tuples(st.floats(0.1, 400.0), st.sampled_from(["live", "live", "live", "stick", "free"])), max_size=60
)


def plausible(sample: LiftSample, floors: int, speed: float) -> None:
    running = sample.car is CarStatus.RUNNING
    assert sample.floor is not None and sample.position is not None and sample.load is not None
    assert 1 <= int(sample.floor) <= floors
    assert -0.01 <= sample.position <= (floors - 1) * STOREY_M + 0.01
    assert 0 <= sample.load <= 1000
    assert (sample.load > 0) == bool(sample.passenger)
    assert (sample.direction is not Direction.NONE) == running
    assert abs(sample.speed or 0.0) == (speed if running else 0.0)
    if running or not sample.door_zone:
        assert sample.door_closed
    if sample.codes:
        assert sample.door_closed and sample.passenger and not running


@given(STEPS, st.integers(2, 40), st.sampled_from([1.0, 1.75, 2.5]), st.integers(0, 2**32), st.floats(0.0, 3.0))
@settings(max_examples=150, deadline=None)
def test_no_moment_is_absurd(steps: list[tuple[float, str]], floors: int, speed: float, seed: int, busy: float) -> None:
    random, now = Random(seed), 1000.0
    car = Car(floors, speed, now, random)
    for seconds, what in steps:
        now += seconds
        before = now - seconds
        for at in car.advance(now, busy, random):
            assert before <= at <= now
            before = at
            plausible(car.sample(at, 0), floors, speed)
        if what == "stick" and not car.stuck:
            car.stick(now, 2, button=True)
        elif what == "free":
            car.free(now)
        plausible(car.sample(now, 0), floors, speed)


def test_a_stuck_car_stays_where_it_is() -> None:
    random = Random(3)
    car = Car(20, 1.75, 0.0, random)
    now = 0.0
    while not car.running:
        now += 1.0
        list(car.advance(now, 1.0, random))
    car.stick(now, 3, button=True)
    first = car.sample(now, 0)
    assert list(car.advance(now + 5000, 1.0, random)) == []
    later = car.sample(now + 5000, 0)
    assert (later.position, later.floor, later.passenger) == (first.position, first.floor, True)
    assert first.alarm_button is True
    assert later.alarm_button is False
    car.free(now + 5000)
    freed = car.sample(now + 5001, 0)
    assert (freed.door_closed, freed.door_zone, freed.passenger) == (False, True, False)


def test_the_edge_s_own_rule_agrees_that_somebody_is_trapped() -> None:
    """What the city tells would be told by a real edge, too."""
    random, now = Random(3), 0.0
    car = Car(20, 1.75, 0.0, random)
    while not car.running:
        now += 1.0
        list(car.advance(now, 1.0, random))
    car.stick(now, 2, button=False)
    state, told, rules = TrappedState(), [], TrappedRules()
    for second in range(60):
        at = now + second
        state, decisions = step(state, car.sample(at, 0), instant(at), rules)
        told += [decision.rule for decision in decisions]
    assert told == ["trapped_level" if car.level else "trapped_non_level"]


def test_rides_follow_the_hour() -> None:
    def changes(busy: float) -> int:
        random = Random(1)
        cars = [Car(20, 1.75, 0.0, random) for _ in range(50)]
        return sum(len(list(car.advance(4 * 3600.0, busy, random))) for car in cars)

    assert changes(2.0) > 2 * changes(0.2)
