"""The rules of a lift, by tables that a technician can read: what is seen, for how long, and what is said."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.kinds import CarStatus, Phase, Power, Rule, ServiceMode
from contracts.messages import LiftSample
from edge.config import LiftRules
from edge.rules import Decision, lifts, mass_outage
from edge.rules.look import Look, Setup

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SETUP = Setup(rated_speed=1.75, travel=33.0)
LEVEL = LiftSample(
    mode=ServiceMode.NORMAL,
    car=CarStatus.STOPPED,
    door_zone=True,
    door_closed=True,
    passenger=False,
    power=Power.MAINS,
    alarm_button=False,
    floor="3",
    speed=0.0,
    position=6.0,
    load=0.0,
)
OPEN = msgspec.structs.replace(LEVEL, door_closed=False)
BETWEEN = msgspec.structs.replace(LEVEL, door_zone=False, position=7.4)
RIDE = msgspec.structs.replace(BETWEEN, car=CarStatus.RUNNING, speed=1.75)
INSPECTED: dict[str, Any] = {"mode": ServiceMode.INSPECTION}
PERSON: dict[str, Any] = {"passenger": True, "load": 80.0}


class Day:
    """A lift under all rules, fed ten times a second."""

    def __init__(self) -> None:
        self.state, self.ticks = lifts.first(), 0
        self.said: list[Decision] = []
        self.at: list[float] = []

    def feed(self, sample: LiftSample, seconds: float, people: int | None = None, **changes: object) -> "Day":
        seen = msgspec.structs.replace(sample, **changes)
        for _ in range(round(seconds * 10)):
            self.look(Look(sample=seen, people=people))
        return self

    def silent(self, seconds: float, last: LiftSample = LEVEL) -> "Day":
        for tick in range(round(seconds * 10)):
            self.look(Look(sample=last, age_s=(tick + 1) / 10))
        return self

    def look(self, look: Look) -> None:
        now = T0 + timedelta(seconds=self.ticks / 10)
        self.state, decided = lifts.step(self.state, look, now, SETUP)
        self.said += decided
        self.at += [self.ticks / 10] * len(decided)
        self.ticks += 1

    def spoken(self, *rules: Rule) -> list[tuple[Rule, Phase]]:
        return [(one.rule, one.phase) for one in self.said if not rules or one.rule in rules]


def start(rule: Rule) -> list[tuple[Rule, Phase]]:
    return [(rule, Phase.START)]


def life(rule: Rule) -> list[tuple[Rule, Phase]]:
    return [(rule, Phase.START), (rule, Phase.END)]


@pytest.mark.parametrize(
    ("day", "rule", "phases"),
    [
        # 30 s of a person between landings; the last look before it is at 29.9 s.
        (Day().feed(BETWEEN, 30.0, **PERSON), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(BETWEEN, 30.1, **PERSON), Rule.TRAPPED_NON_LEVEL, "s"),
        (Day().feed(BETWEEN, 120, **PERSON, **INSPECTED), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(BETWEEN, 120, **PERSON, **INSPECTED).feed(BETWEEN, 29, **PERSON), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(LEVEL, 90.0, **PERSON, codes=("03",)), Rule.TRAPPED_LEVEL, ""),
        (Day().feed(LEVEL, 90.1, **PERSON, codes=("03",)), Rule.TRAPPED_LEVEL, "s"),
        (Day().feed(LEVEL, 95, passenger=None, load=None, codes=("03",)), Rule.TRAPPED_LEVEL, "s"),
        (Day().feed(LEVEL, 95, passenger=None, load=None), Rule.TRAPPED_LEVEL, ""),
        (Day().feed(BETWEEN, 35, passenger=None, load=None, people=0), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(BETWEEN, 35, passenger=None, load=None, people=2), Rule.TRAPPED_NON_LEVEL, "s"),
        (Day().feed(RIDE, 4, **PERSON).feed(BETWEEN, 35, power=Power.FAILED), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(RIDE, 4, **PERSON).feed(BETWEEN, 35, **PERSON, power=Power.FAILED), Rule.TRAPPED_NON_LEVEL, "s"),
        (Day().feed(BETWEEN, 35, **PERSON).feed(RIDE, 9, **INSPECTED), Rule.TRAPPED_NON_LEVEL, "s"),
        (Day().feed(BETWEEN, 35, **PERSON).feed(RIDE, 9), Rule.TRAPPED_NON_LEVEL, "se"),
        (Day().feed(BETWEEN, 45.0), Rule.STOPPED_OUTSIDE_ZONE, ""),
        (Day().feed(BETWEEN, 45.1), Rule.STOPPED_OUTSIDE_ZONE, "s"),
        (Day().feed(BETWEEN, 90, **INSPECTED), Rule.STOPPED_OUTSIDE_ZONE, ""),
        (Day().feed(BETWEEN, 46).feed(LEVEL, 1), Rule.STOPPED_OUTSIDE_ZONE, "se"),
        (Day().feed(BETWEEN, 46).feed(BETWEEN, 9, door_zone=None), Rule.STOPPED_OUTSIDE_ZONE, "s"),
        (Day().feed(LEVEL, 1, codes=("03",)), Rule.DOOR_NOT_OPENING, "s"),
        (Day().feed(RIDE, 5).feed(LEVEL, 15.0, **PERSON), Rule.DOOR_NOT_OPENING, ""),
        (Day().feed(RIDE, 5).feed(LEVEL, 15.1, **PERSON), Rule.DOOR_NOT_OPENING, "s"),
        (Day().feed(RIDE, 5).feed(LEVEL, 60), Rule.DOOR_NOT_OPENING, ""),
        (Day().feed(OPEN, 5).feed(LEVEL, 60, **PERSON), Rule.DOOR_NOT_OPENING, ""),
        (Day().feed(RIDE, 5).feed(LEVEL, 16, **PERSON).feed(LEVEL, 60).feed(OPEN, 1), Rule.DOOR_NOT_OPENING, "se"),
        (Day().feed(OPEN, 1, codes=("02",)), Rule.DOOR_NOT_CLOSING, "s"),
        (Day().feed(OPEN, 120.0), Rule.DOOR_NOT_CLOSING, ""),
        (Day().feed(OPEN, 120.1), Rule.DOOR_NOT_CLOSING, "s"),
        (Day().feed(OPEN, 300, **INSPECTED), Rule.DOOR_NOT_CLOSING, ""),
        (Day().feed(OPEN, 121).feed(LEVEL, 1), Rule.DOOR_NOT_CLOSING, "se"),
        (Day().feed(LEVEL, 1, power=Power.FAILED), Rule.MAINS_LOST, ""),
        (Day().feed(LEVEL, 3, power=Power.FAILED), Rule.MAINS_LOST, "s"),
        (Day().feed(LEVEL, 3, codes=("41",)), Rule.MAINS_LOST, "s"),
        (Day().feed(LEVEL, 3, mode=ServiceMode.EMERGENCY_POWER), Rule.MAINS_LOST, "s"),
        (Day().feed(LEVEL, 3, power=Power.FAILED).feed(LEVEL, 3), Rule.MAINS_LOST, "s"),
        (Day().feed(LEVEL, 3, power=Power.FAILED).feed(LEVEL, 6), Rule.MAINS_LOST, "se"),
        (Day().feed(LEVEL, 3, power=Power.FAILED).feed(LEVEL, 60, power=None), Rule.MAINS_LOST, "s"),
        (Day().feed(RIDE, 1, speed=1.75 * 1.15), Rule.OVERSPEED, ""),
        (Day().feed(RIDE, 0.2, speed=2.05), Rule.OVERSPEED, ""),
        (Day().feed(RIDE, 0.3, speed=-2.05), Rule.OVERSPEED, "s"),
        (Day().feed(RIDE, 0.3, speed=2.05, **INSPECTED).feed(LEVEL, 6), Rule.OVERSPEED, "se"),
        (Day().feed(LEVEL, 1, position=33.2), Rule.OVERTRAVEL, ""),
        (Day().feed(LEVEL, 1, position=33.3), Rule.OVERTRAVEL, "s"),
        (Day().feed(LEVEL, 1, position=-0.3), Rule.OVERTRAVEL, "s"),
        (Day().feed(LEVEL, 1, position=33.3).feed(LEVEL, 60, position=None), Rule.OVERTRAVEL, "s"),
        (Day().feed(LEVEL, 1, position=33.3).feed(LEVEL, 3), Rule.OVERTRAVEL, "se"),
        (Day().feed(OPEN, 5).feed(OPEN, 1, door_zone=False), Rule.UNINTENDED_MOVEMENT, "s"),
        (Day().feed(BETWEEN, 50).feed(BETWEEN, 50, door_closed=False), Rule.UNINTENDED_MOVEMENT, ""),
        (Day().feed(RIDE, 5, door_closed=False), Rule.UNINTENDED_MOVEMENT, "s"),
        (Day().feed(RIDE, 5, door_closed=False, **INSPECTED), Rule.UNINTENDED_MOVEMENT, ""),
        (Day().feed(RIDE, 2, door_closed=False, door_zone=True, speed=0.5), Rule.UNINTENDED_MOVEMENT, ""),
        (Day().feed(RIDE, 2, door_closed=False, door_zone=True, speed=1.2), Rule.UNINTENDED_MOVEMENT, "s"),
        (Day().feed(LEVEL, 5).feed(LEVEL, 5, position=6.2), Rule.UNINTENDED_MOVEMENT, ""),
        (Day().feed(LEVEL, 5).feed(LEVEL, 5, position=5.6), Rule.UNINTENDED_MOVEMENT, "s"),
        (Day().feed(BETWEEN, 5, codes=("04",)).feed(LEVEL, 5), Rule.UNINTENDED_MOVEMENT, ""),
        (Day().feed(BETWEEN, 1, codes=("05",)).feed(LEVEL, 6), Rule.UNINTENDED_MOVEMENT, "se"),
        (Day().silent(10.0), Rule.LIFT_UNKNOWN, ""),
        (Day().silent(10.1), Rule.LIFT_UNKNOWN, "s"),
        (Day().silent(60).feed(LEVEL, 1), Rule.LIFT_UNKNOWN, "se"),
        (Day().silent(600, msgspec.structs.replace(BETWEEN, **PERSON)), Rule.TRAPPED_NON_LEVEL, ""),
        (Day().feed(BETWEEN, 31, **PERSON).silent(600, OPEN), Rule.TRAPPED_NON_LEVEL, "s"),
        (Day().feed(BETWEEN, 31, **PERSON).silent(600, BETWEEN), Rule.TRAPPED_NON_LEVEL, "s"),
    ],
)
def test_what_is_said(day: Day, rule: Rule, phases: str) -> None:
    words = {"": [], "s": start(rule), "se": life(rule)}
    assert day.spoken(rule) == words[phases]
    began = {one.subject: one.at for one in day.said if one.rule is rule and one.phase is Phase.START}
    assert all(one.at == began[one.subject] for one in day.said if one.rule is rule)


@pytest.mark.parametrize(("still", "said"), [(19.9, False), (20.0, True)])
def test_the_clock_of_the_standing_car(still: float, said: bool) -> None:
    """The person's clock is set short, so that only the 20 s of standing still decide."""
    setup = msgspec.structs.replace(SETUP, trapped=msgspec.structs.replace(SETUP.trapped, person_out_of_zone_s=1))
    sample = msgspec.structs.replace(BETWEEN, passenger=True)
    state, spoken = lifts.first(), list[Rule]()
    for tick in range(round(still * 10) + 1):
        state, decided = lifts.step(state, Look(sample=sample), T0 + timedelta(seconds=tick / 10), setup)
        spoken += [one.rule for one in decided]
    assert (Rule.TRAPPED_NON_LEVEL in spoken) is said


def test_a_quiet_day_says_nothing() -> None:
    day = Day()
    for _ in range(20):
        day.feed(OPEN, 6, **PERSON).feed(LEVEL, 2, **PERSON).feed(RIDE, 12, **PERSON).feed(LEVEL, 0.5, **PERSON)
        day.feed(OPEN, 6).feed(LEVEL, 40)
    assert day.said == []


def doors(day: Day, times: int, pause: float) -> Day:
    for _ in range(times):
        day.feed(OPEN, pause).feed(LEVEL, 1)
    return day


def test_a_door_that_opens_again_and_again() -> None:
    assert doors(Day(), 5, 5).spoken() == []
    assert doors(Day(), 6, 5).spoken() == start(Rule.DOOR_REOPENING)
    assert doors(Day(), 12, 40).spoken(Rule.DOOR_REOPENING) == []
    assert doors(Day(), 9, 5).feed(RIDE, 1).spoken() == life(Rule.DOOR_REOPENING)
    calm = Day()
    for _ in range(9):
        doors(calm, 2, 5).feed(RIDE, 5)
    assert calm.spoken() == []


def silences(day: Day, name: str, spells: int, seconds: float = 11) -> Day:
    for _ in range(spells):
        day.feed(LEVEL, 5).feed(LEVEL, seconds, **{name: None})
    return day


def test_a_sensor_that_failed_three_times_is_shielded_until_somebody_has_looked() -> None:
    shielded = Rule.SENSOR_SHIELDED
    assert silences(Day(), "passenger", 2).spoken() == []
    assert silences(Day(), "passenger", 9, 5).spoken() == []
    day = silences(Day(), "passenger", 3)
    assert day.spoken() == start(shielded)
    assert day.said[0].subject == "passenger"
    assert day.feed(LEVEL, 600).spoken() == start(shielded)
    assert day.feed(LEVEL, 60, **INSPECTED).spoken() == start(shielded)
    assert day.feed(LEVEL, 1).spoken() == life(shielded)


def test_an_old_fault_is_forgotten_after_a_day() -> None:
    day = silences(Day(), "passenger", 2)
    day.ticks += 10 * 86_400
    assert silences(day, "passenger", 2).spoken() == []


def test_a_lift_without_a_sensor_has_no_faulty_sensor() -> None:
    assert Day().feed(LEVEL, 600, passenger=None, load=None).spoken() == []


def test_a_presence_sensor_against_load_and_camera_is_a_fault() -> None:
    day = Day()
    for _ in range(3):
        day.feed(OPEN, 5).feed(LEVEL, 11, people=2, load=150.0)
    assert day.spoken(Rule.SENSOR_SHIELDED) == start(Rule.SENSOR_SHIELDED)


def test_a_shielded_sensor_counts_as_unknown_and_the_event_says_so() -> None:
    day = silences(Day(), "passenger", 3).feed(OPEN, 5).feed(RIDE, 3)
    day.feed(BETWEEN, 31, passenger=False, load=None)
    trapped = [one for one in day.said if one.rule is Rule.TRAPPED_NON_LEVEL]
    assert len(trapped) == 1
    assert trapped[0].confidence < 1
    assert trapped[0].details["shielded"] == "passenger"
    assert "not believed" in trapped[0].reason


def test_a_shielded_sensor_never_hides_the_button() -> None:
    day = silences(Day(), "door_closed", 3).feed(LEVEL, 1, alarm_button=True, **INSPECTED)
    assert (Rule.ALARM_BUTTON, Phase.START) in day.spoken()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [((0, 71.9), []), ((71.9, 72.0), "s"), ((72, 73, 0.1), "se"), ((None, 99), "s"), ((None, None), [])],
)
def test_the_alarm_path_is_tested_in_time(hours: Sequence[float | None], expected: str) -> None:
    day = Day()
    for age in hours:
        day.look(Look(sample=LEVEL, untested_s=None if age is None else age * 3600))
    phases = {"s": start(Rule.ALARM_PATH_UNTESTED), "se": life(Rule.ALARM_PATH_UNTESTED)}
    assert day.spoken() == (phases[expected] if expected else [])


@pytest.mark.parametrize(
    ("lost", "looks_at", "said"),
    [
        ((0, 1, 2), 3, True),
        ((0, 1), 3, False),
        ((0, 200, 300), 300, True),
        ((0, 200, 300.1), 300.1, False),
    ],
)
def test_a_mass_outage_is_three_lifts_within_five_minutes(lost: Sequence[float], looks_at: float, said: bool) -> None:
    since = {f"lift-{number}": T0 + timedelta(seconds=at) for number, at in enumerate(lost)}
    now = T0 + timedelta(seconds=looks_at)
    state, decided = mass_outage.step(mass_outage.OutageState(), since, now, LiftRules())
    assert [one.phase for one in decided] == ([Phase.START] if said else [])
    if said:
        assert decided[0].at == T0 + timedelta(seconds=min(lost))
        state, decided = mass_outage.step(state, {"lift-1": T0}, now, LiftRules())
        assert decided == []
        _, decided = mass_outage.step(state, {}, now, LiftRules())
        assert [(one.phase, one.at) for one in decided] == [(Phase.END, T0)]


def test_what_was_open_before_a_restart_is_open_and_ends() -> None:
    opened = [
        (Rule.TRAPPED_NON_LEVEL, "car", T0),
        (Rule.SENSOR_SHIELDED, "load", T0),
        *((rule, "car", T0) for known in lifts.REGISTRY.values() for rule in known.rules[:1] if len(known.rules) == 1),
    ]
    day = Day()
    day.state, day.ticks = lifts.resume(opened), 36_000
    day.feed(BETWEEN, 300, **PERSON, alarm_button=None, codes=("41", "02", "05"), speed=3.0, position=40.0)
    assert day.spoken(Rule.TRAPPED_NON_LEVEL, Rule.SENSOR_SHIELDED) == []
    day.look(Look(sample=OPEN, untested_s=0))
    day.feed(LEVEL, 3, **INSPECTED).feed(LEVEL, 9).feed(RIDE, 3, position=20.0)
    for _ in range(SETUP.lift.ride_learn + 1):
        day.look(Look(sample=LEVEL, ride_score=0.1))
    ended = {one.rule for one in day.said if one.phase is Phase.END and one.at == T0}
    assert ended == {rule for rule, _, _ in opened}
