"""The trapped rule, by examples that a technician can read, and by random days."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Phase, Rule, ServiceMode
from contracts.messages import LiftSample
from edge.config import TrappedRules
from edge.rules import Decision, alarm, trapped

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RULES = TrappedRules()
STUCK = LiftSample(
    mode=ServiceMode.NORMAL,
    car=CarStatus.STOPPED,
    door_zone=False,
    door_closed=True,
    passenger=True,
    floor="7",
    load=150,
)
LEVEL = msgspec.structs.replace(STUCK, door_zone=True)
OPEN = msgspec.structs.replace(LEVEL, door_closed=False)
RUNNING = msgspec.structs.replace(STUCK, car=CarStatus.RUNNING)


class Watch:
    """A lift under the rule, fed second by second."""

    def __init__(self) -> None:
        self.state, self.now = trapped.TrappedState(), T0
        self.said: list[Decision] = []

    def feed(self, sample: LiftSample, seconds: float, **changes: object) -> "Watch":
        seen = msgspec.structs.replace(sample, **changes)
        for _ in range(round(seconds)):
            self.state, decided = trapped.step(self.state, seen, self.now, RULES)
            self.said += decided
            self.now += timedelta(seconds=1)
        return self

    @property
    def spoken(self) -> list[tuple[Rule, Phase]]:
        return [(decision.rule, decision.phase) for decision in self.said]


START = [(Rule.TRAPPED_NON_LEVEL, Phase.START)]
LEVEL_START = [(Rule.TRAPPED_LEVEL, Phase.START)]


@pytest.mark.parametrize(
    ("watch", "expected"),
    [
        (Watch().feed(STUCK, 30), []),
        (Watch().feed(STUCK, 32), START),
        (Watch().feed(STUCK, 120, passenger=False, load=4), []),
        (Watch().feed(STUCK, 120, passenger=False), START),
        (Watch().feed(STUCK, 120, passenger=None), START),
        (Watch().feed(STUCK, 120, mode=ServiceMode.INSPECTION), []),
        (Watch().feed(STUCK, 120, mode=ServiceMode.FIRE_RETURN), []),
        (Watch().feed(STUCK, 120, mode=ServiceMode.FIREFIGHTER), []),
        (Watch().feed(STUCK, 40, mode=ServiceMode.UNKNOWN), START),
        (Watch().feed(STUCK, 120, door_closed=None), []),
        (Watch().feed(STUCK, 120, door_closed=False), []),
        (Watch().feed(RUNNING, 120), []),
        (Watch().feed(LEVEL, 300), []),
        (Watch().feed(LEVEL, 92, codes=("03",)), LEVEL_START),
        (Watch().feed(LEVEL, 89, codes=("03",)), []),
        (Watch().feed(OPEN, 300), []),
    ],
    ids=lambda value: "" if isinstance(value, Watch) else str(len(value)),
)
def test_when_somebody_is_trapped(watch: Watch, expected: list[tuple[Rule, Phase]]) -> None:
    assert watch.spoken == expected


def test_a_person_who_moves_about_at_a_landing_is_trapped() -> None:
    watch = Watch()
    for _ in range(4):
        watch.feed(LEVEL, 26).feed(LEVEL, 2, passenger=False)
    assert watch.spoken == LEVEL_START


def test_a_sensor_that_blinks_does_not_start_the_clock_anew() -> None:
    watch = Watch()
    for _ in range(8):
        watch.feed(STUCK, 4).feed(STUCK, 1, passenger=False)
    assert watch.spoken == START


def test_never_cleared_because_nobody_is_seen() -> None:
    watch = Watch().feed(STUCK, 35).feed(STUCK, 600, passenger=False)
    assert watch.spoken == START
    assert Watch().feed(STUCK, 35).feed(LEVEL, 600, passenger=False).spoken == START


@pytest.mark.parametrize("cleared_by", [OPEN, RUNNING], ids=["door open in zone", "running"])
def test_cleared_by_a_door_in_the_zone_or_by_running(cleared_by: LiftSample) -> None:
    watch = Watch().feed(STUCK, 35).feed(cleared_by, 5)
    assert watch.spoken == [*START, (Rule.TRAPPED_NON_LEVEL, Phase.END)]
    assert watch.said[0].at == watch.said[1].at


def test_a_door_forced_open_between_landings_clears_nothing() -> None:
    assert Watch().feed(STUCK, 35).feed(STUCK, 60, door_closed=False).spoken == START


def test_none_within_a_minute_of_clearing_then_again() -> None:
    watch = Watch().feed(STUCK, 35).feed(OPEN, 2).feed(STUCK, 50)
    assert len(watch.spoken) == 2
    assert watch.feed(STUCK, 20).spoken[2:] == START


def test_an_unknown_person_is_reported_with_less_confidence() -> None:
    assert Watch().feed(STUCK, 40, passenger=None).said[0].confidence < 1
    details = Watch().feed(STUCK, 40).said[0].details
    assert (details["people"], details["floor"]) == (2, "7")


SAMPLES = st.builds(
    LiftSample,
    mode=st.sampled_from(ServiceMode),
    car=st.none() | st.sampled_from(CarStatus),
    door_zone=st.none() | st.booleans(),
    door_closed=st.none() | st.booleans(),
    passenger=st.none() | st.booleans(),
)


@given(st.lists(st.tuples(SAMPLES, st.integers(1, 100)), max_size=40))
def test_events_begin_and_end_in_turn(day: list[tuple[LiftSample, int]]) -> None:
    watch = Watch()
    for sample, seconds in day:
        watch.feed(sample, seconds)
    phases = [decision.phase for decision in watch.said]
    assert phases == [Phase.START, Phase.END] * (len(phases) // 2) + [Phase.START] * (len(phases) % 2)


def test_the_button_is_never_suppressed() -> None:
    state, said = alarm.AlarmState(), []
    for pressed in (None, True, True, None, False, False, True):
        sample = LiftSample(mode=ServiceMode.INSPECTION, alarm_button=pressed)
        state, decided = alarm.step(state, sample, T0)
        said += [decision.phase for decision in decided]
    assert said == [Phase.START, Phase.END, Phase.START]
