"""A lift's duty by a clock of our own: stale input, clock steps, restarts, self-tests, and nothing said of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Phase, Power, Rule, ServiceMode
from contracts.messages import AnySample, LiftSample
from edge.clock import Clock
from edge.config import LiftConfig, Rules
from edge.drivers import make
from edge.lift_duty import VALUES, LiftDuty
from edge.self_test import SelfTests
from edge.sink import EventDraft

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STUCK = LiftSample(
    mode=ServiceMode.NORMAL,
    car=CarStatus.STOPPED,
    door_zone=False,
    door_closed=True,
    passenger=True,
    power=Power.MAINS,
    alarm_button=False,
)
FREE = msgspec.structs.replace(STUCK, door_zone=True, door_closed=False)
MAINTAINED = (ServiceMode.INSPECTION, ServiceMode.FIRE_RETURN, ServiceMode.FIREFIGHTER)
TRAPPED = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL)


class World:
    """Time that the test moves, a wall clock that may be wrong, and what is said."""

    def __init__(self, folder: Path | None = None) -> None:
        self.seconds, self.wrong, self.reaches = 0.0, timedelta(), True
        self.folder = folder
        self.people: int | None = None
        self.drafts: list[EventDraft] = []
        self.batches: list[tuple[datetime, Sequence[AnySample]]] = []
        self.healths: list[str] = []
        self.duty = self.start()

    def start(self) -> LiftDuty:
        clock = Clock(lambda: T0 + timedelta(seconds=self.seconds) + self.wrong, lambda: self.seconds)
        config = LiftConfig(device="lift-1")
        self.tests = SelfTests(self.folder / "tests.json", clock) if self.folder else None
        self.duty = LiftDuty(
            config,
            make(config),
            Rules(),
            self,
            folder=self.folder,
            people=lambda: self.people,
            tests=self.tests,
            reached=lambda: self.reaches,
            clock=clock,
        )
        return self.duty

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        self.batches.append((base, samples))

    def event(self, draft: EventDraft) -> UUID:
        self.drafts.append(draft)
        return draft.id or uuid4()

    def health(self, device: str, state: str) -> None:
        if self.healths[-1:] != [state]:
            self.healths.append(state)

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("no facts here")

    def feed(self, sample: LiftSample | None, seconds: float, step: float = 0.1) -> "World":
        for _ in range(round(seconds / step)):
            self.seconds += step
            self.duty.look(sample, self.duty.clock.steady())
        return self

    def phases(self, *rules: Rule) -> list[Phase]:
        return [draft.phase for draft in self.drafts if draft.rule in rules]


def test_without_a_fresh_reading_the_lift_is_unknown_and_no_sample_shows_the_past() -> None:
    world = World().feed(FREE, 5).feed(None, 9.5)
    assert (world.healths, world.drafts) == (["ok"], [])
    shown = len(world.batches)
    world.feed(None, 20)
    assert world.healths == ["ok", "unknown"]
    assert world.phases(Rule.LIFT_UNKNOWN) == [Phase.START]
    later = [sample for _, samples in world.batches[shown:] for sample in samples]
    assert later
    assert all(msgspec.structs.replace(sample, dt=0) == LiftSample() for sample in later)
    world.feed(LiftSample(), 60)
    assert world.healths[-1] == "unknown"
    world.feed(FREE, 1)
    assert world.healths[-1] == "ok"
    assert world.phases(Rule.LIFT_UNKNOWN) == [Phase.START, Phase.END]


@pytest.mark.parametrize(
    ("sample", "states"),
    [
        (LiftSample(), ["ok", "unknown"]),
        (LiftSample(dt=5), ["ok", "unknown"]),
        (LiftSample(mode=ServiceMode.NORMAL), ["ok"]),
        (LiftSample(codes=("03",)), ["ok"]),
        (LiftSample(load=0.0), ["ok"]),
        (LiftSample(alarm_button=False), ["ok"]),
    ],
)
def test_only_a_sample_with_a_value_is_a_reading(sample: LiftSample, states: list[str]) -> None:
    assert World().feed(sample, 15).healths == states


def test_every_value_of_a_sample_counts() -> None:
    others = {"dt", "mode", "codes", "source_scheme", "source_codes"}
    assert set(LiftSample.__struct_fields__) - others == set(VALUES)


def test_a_lift_that_was_never_read_is_unknown() -> None:
    assert World().feed(None, 11).phases(Rule.LIFT_UNKNOWN) == [Phase.START]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["forward", "back"])
def test_a_step_of_the_wall_clock_neither_starts_nor_ends_an_event(jump: timedelta) -> None:
    world = World().feed(STUCK, 20)
    world.wrong = jump
    assert world.feed(STUCK, 9.9).drafts == []
    assert world.feed(STUCK, 0.4).phases(*TRAPPED) == [Phase.START]
    draft = world.drafts[0]
    # By the wall as it goes now, both of them.
    assert draft.observed - draft.at == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=0.3))
    assert abs(draft.observed - (T0 + timedelta(seconds=30) + jump)) < timedelta(seconds=0.5)
    world.wrong = timedelta()
    assert world.feed(STUCK, 30).phases(*TRAPPED) == [Phase.START]
    world.feed(FREE, 1)
    assert world.phases(*TRAPPED) == [Phase.START, Phase.END]
    assert {one.at for one in world.drafts if one.rule in TRAPPED} == {draft.at}


def test_a_restart_neither_forgets_nor_doubles_an_entrapment(tmp_path: Path) -> None:
    world = World(tmp_path).feed(STUCK, 31)
    first = world.drafts[0]
    world.start()
    world.feed(STUCK, 120)
    assert world.phases(*TRAPPED) == [Phase.START]
    world.start()
    world.seconds += 3600
    world.feed(None, 15).feed(FREE, 1)
    ended = next(draft for draft in world.drafts if draft.phase is Phase.END and draft.rule in TRAPPED)
    assert (ended.id, ended.rev, ended.at) == (first.id, 1, first.at)
    world.start()
    assert world.feed(FREE, 100).phases(*TRAPPED) == [Phase.START, Phase.END]


def test_the_camera_in_the_car_is_asked_when_the_sensor_is_silent() -> None:
    world = World()
    world.people = 0
    silent = msgspec.structs.replace(STUCK, passenger=None)
    assert world.feed(silent, 60).phases(*TRAPPED) == []
    world.people = 2
    world.feed(silent, 31)
    assert world.phases(*TRAPPED) == [Phase.START]
    assert (world.drafts[-1].details["people"], world.drafts[-1].details["presence"]) == (2, "camera")


def test_a_self_test_needs_a_button_that_is_read_and_events_that_arrive(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.duty.self_test() == (False, "no fresh reading from the driver")
    world.feed(msgspec.structs.replace(FREE, alarm_button=None), 1)
    assert "alarm_button" in world.duty.self_test()[1]
    world.feed(FREE, 1)
    world.reaches = False
    assert "wait in the spool" in world.duty.self_test()[1]
    world.seconds += 259_200
    world.feed(FREE, 1)
    assert world.phases(Rule.ALARM_PATH_UNTESTED) == [Phase.START]
    world.reaches = True
    assert world.duty.self_test()[0]
    world.feed(FREE, 1)
    assert world.phases(Rule.ALARM_PATH_UNTESTED) == [Phase.START, Phase.END]


def test_the_last_self_test_is_known_after_a_restart_and_by_no_clock_step_older(tmp_path: Path) -> None:
    world = World(tmp_path).feed(FREE, 1)
    assert world.duty.self_test()[0]
    world.seconds += 7200
    world.wrong = timedelta(hours=1)
    assert world.tests is not None
    assert world.tests.age_s("lift-1") == pytest.approx(7200)
    world.wrong = timedelta()
    world.start()
    assert world.tests.age_s("lift-1") == pytest.approx(7200)
    (tmp_path / "tests.json").write_text("{", "utf-8")
    world.start()
    assert world.tests.age_s("lift-1") == 0


SAMPLES = st.builds(
    LiftSample,
    mode=st.sampled_from(ServiceMode),
    car=st.none() | st.sampled_from(CarStatus),
    door_zone=st.none() | st.booleans(),
    door_closed=st.none() | st.booleans(),
    passenger=st.none() | st.booleans(),
    power=st.none() | st.sampled_from(Power),
    load=st.none() | st.sampled_from((0.0, 80.0)),
    position=st.none() | st.sampled_from((0.0, 3.0, 4.4)),
    speed=st.none() | st.sampled_from((0.0, 1.0, 3.0)),
    codes=st.sampled_from(((), ("03",), ("02",), ("04",), ("41",))),
)
STEPS = st.tuples(st.none() | SAMPLES, st.integers(1, 100), st.sampled_from((0, 0, 0, 3600, -3600)))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25), st.sampled_from((None, 0, 1)))
def test_properties_of_any_day(day: list[tuple[LiftSample | None, int, int]], camera: int | None) -> None:
    world = World()
    world.people = camera
    cleared = float("-inf")
    for sample, seconds, jump in day:
        world.wrong += timedelta(seconds=jump)
        for _ in range(seconds):
            world.seconds += 1
            before = len(world.drafts)
            world.duty.look(sample, world.duty.clock.steady())
            for draft in world.drafts[before:]:
                if draft.rule in TRAPPED and draft.phase is Phase.START:
                    assert world.seconds - cleared >= 60
                    assert sample is None or sample.mode not in MAINTAINED
                elif draft.rule in TRAPPED:
                    assert sample is not None, "cleared by silence"
                    level = sample.door_zone is True and sample.door_closed is False
                    assert level or sample.car is CarStatus.RUNNING, "cleared by what clears nobody"
                    cleared = world.seconds
    lives: dict[UUID | None, list[EventDraft]] = {}
    for draft in world.drafts:
        lives.setdefault(draft.id, []).append(draft)
    for life in lives.values():
        assert [draft.rev for draft in life] == list(range(len(life)))
        assert [draft.phase for draft in life] in ([Phase.START], [Phase.START, Phase.END])
        assert len({(draft.rule, draft.subject, draft.at) for draft in life}) == 1
    phases = world.phases(*TRAPPED)
    assert phases == [Phase.START, Phase.END] * (len(phases) // 2) + [Phase.START] * (len(phases) % 2)
