"""Ride quality over weeks: a hint when rides get worse than usual, and rides collected from a lift's own samples."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Phase, Rule, ServiceMode
from contracts.messages import LiftSample
from edge.config import LiftRules
from edge.ride_watch import RideWatch
from edge.rules import Decision, lifts
from edge.rules.ride_quality import RideState, step
from edge.simulator.condition import Condition
from edge.simulator.lift import Lift
from models.ride import RideModel

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RULES = LiftRules()


def weeks(days: int, score: Callable[[float], float], per_day: int = 100) -> tuple[RideState, list[Decision]]:
    """A lift with rides at equal distances."""
    state, said = RideState(), list[Decision]()
    for number in range(days * per_day):
        day = number / per_day
        state, decided = step(state, score(day), T0 + timedelta(days=day), RULES)
        said += decided
    return state, said


@pytest.mark.parametrize(
    ("score", "phases"),
    [
        (lambda _: 0.05, ""),
        (lambda day: 0.05 if round(day * 100) % 20 else 0.99, ""),
        (lambda day: min(0.9, 0.05 + day / 40), "s"),
        (lambda day: 0.05 if day < 10 else 0.6, "s"),
        (lambda day: 0.6 if 10 < day < 30 else 0.05, "se"),
        (lambda day: 0.9 if day > 10 and day % 7 < 0.3 else 0.05, ""),
        (lambda _: 0.85, "s"),
        (lambda _: 0.5, ""),
    ],
    ids=[
        "as new",
        "one odd ride in 20",
        "slowly worse",
        "a step",
        "repaired",
        "an odd morning",
        "worn always",
        "coarse",
    ],
)
def test_a_hint_comes_with_weeks_and_not_with_a_ride(score: Callable[[float], float], phases: str) -> None:
    _, said = weeks(60, score)
    assert [one.phase for one in said] == {"": [], "s": [Phase.START], "se": [Phase.START, Phase.END]}[phases]
    assert all(one.rule is Rule.RIDE_QUALITY for one in said)
    assert len({one.at for one in said}) <= 1


def test_what_is_wrong_does_not_become_the_usual() -> None:
    state, said = weeks(400, lambda day: 0.05 if day < 10 else 0.6)
    assert [one.phase for one in said] == [Phase.START]
    assert state.usual < 0.2


@given(st.lists(st.tuples(st.none() | st.floats(0, 1), st.floats(-3600, 86_400)), max_size=200))
def test_means_stay_between_0_and_1_and_hints_take_turns(day: list[tuple[float | None, float]]) -> None:
    state, now, said = RideState(), T0, list[Phase]()
    for score, seconds in day:
        now += timedelta(seconds=seconds)
        state, decided = step(state, score, now, RULES)
        said += [one.phase for one in decided]
        assert 0 <= state.lately <= 1
        assert 0 <= state.usual <= 1
    assert said == [Phase.START, Phase.END] * (len(said) // 2) + [Phase.START] * (len(said) % 2)


class Judged:
    """A simulated lift whose rides are judged as the agent does it."""

    def __init__(self, folder: Path, condition: Condition) -> None:
        self.lift = Lift(12, Random(1))
        self.lift.condition = condition
        self.watch = RideWatch(RideModel(), folder / "lift-1.json")

    def scores(self, seconds: float, every: float = 0.1) -> list[float]:
        found = []
        for tick in range(round(seconds / 0.1)):
            self.lift.step(0.1)
            if tick % round(every / 0.1) == 0:
                sample = self.lift.sample()
                found.append(self.watch.feed(sample, T0 + timedelta(seconds=tick / 10)))
        return [score for score in found if score is not None]


def test_a_lift_as_new_and_a_worn_one(tmp_path: Path) -> None:
    fine = Judged(tmp_path, Condition()).scores(1200)
    rough = Judged(tmp_path, Condition(roughness=0.15)).scores(1200)
    assert min(len(fine), len(rough)) > 15
    assert mean(fine) < 0.05
    assert max(fine) < 0.5
    assert mean(rough) > 0.8


def test_what_cannot_be_judged_is_not(tmp_path: Path) -> None:
    assert Judged(tmp_path, Condition()).scores(600, every=1.0) == []
    watch = RideWatch(RideModel(), tmp_path / "lift-1.json")
    for tick in range(600):
        now = T0 + timedelta(seconds=tick / 10)
        assert watch.feed(LiftSample(mode=ServiceMode.NORMAL), now) is None
        assert watch.feed(LiftSample(mode=ServiceMode.INSPECTION, acceleration=1.0), now) is None


def test_what_was_learnt_is_kept_and_a_broken_file_is_learnt_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = RideWatch(RideModel(), tmp_path / "rides" / "lift-1.json")
    assert watch.load() == RideState()
    known, _ = weeks(2, lambda _: 0.1)
    watch.save(known)
    assert watch.load() == known
    resumed = lifts.with_rides(lifts.resume([(Rule.RIDE_QUALITY, "ride", T0)]), watch.load())
    assert lifts.rides_of(resumed) == msgspec.structs.replace(known, began=T0)
    watch.path.write_text("[", "utf-8")
    assert watch.load() == RideState()
    assert "learnt anew" in caplog.text
