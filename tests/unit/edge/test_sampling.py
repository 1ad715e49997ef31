"""A day of simulated lifts as messages."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, decode
from edge.sampling import messages

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


def made(lifts: int, hours: float, every_s: float, seed: int = 1) -> list[Telemetry]:
    found = [decode(Lane.TELEMETRY, line) for line in messages(lifts, START, hours, every_s, seed)]
    assert all(isinstance(one, Telemetry) for one in found)
    return [one for one in found if isinstance(one, Telemetry)]


def test_every_lift_speaks_in_its_turn_and_nobody_twice() -> None:
    found = made(3, 0.5, 10)
    assert len(found) == 3 * 180
    assert len({(one.device, one.boot, one.seq) for one in found}) == len(found)
    assert all(before.base < after.base for before, after in pairwise(found))
    assert found[-1].base - START < timedelta(minutes=30)


def test_lifts_ride_and_people_weigh_something() -> None:
    samples = [one.samples[0] for one in made(2, 1, 10)]
    lifts = [one for one in samples if isinstance(one, LiftSample)]
    assert len(lifts) == len(samples)
    assert any((one.speed or 0) > 1 for one in lifts)
    assert any((one.load or 0) > 50 for one in lifts)


def test_the_same_seed_makes_the_same_day() -> None:
    assert made(2, 0.1, 10) == made(2, 0.1, 10)
    assert made(2, 0.1, 10) != made(2, 0.1, 10, seed=2)
