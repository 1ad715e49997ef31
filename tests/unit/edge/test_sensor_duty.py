"""The sensor's duty: values are passed on at their pace, never repeated, and events keep their identity."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.kinds import Phase, Rule
from contracts.messages import AnySample, ClimateSample
from edge.config import ClimateLimit, ClimateRules, Place, SensorConfig
from edge.drivers import DriverError
from edge.drivers.complaints import Complaints
from edge.sensor_duty import SensorDuty
from edge.sink import EventDraft

T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
WARM = ClimateSample(temperature=26, humidity=50, door_open=False, uv_lamp=False)
RULES = ClimateRules(special_room=ClimateLimit(at_most_c=25, after_s=60))


class Kept:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.samples: list[AnySample] = []
        self.drafts: list[tuple[UUID, EventDraft]] = []
        self.state = ""

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        self.samples += samples

    def event(self, draft: EventDraft) -> UUID:
        identity = draft.id or uuid4()
        self.drafts.append((identity, draft))
        return identity

    def health(self, device: str, state: str) -> None:
        self.state = state

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("a sensor has none")


class Broken:
    """A driver whose line is cut after the first value."""

    def __init__(self) -> None:
        self.closed = 0
        self.first = True

    def open(self) -> None:
        self.first = True

    def read(self) -> ClimateSample:
        if not self.first:
            raise DriverError("no answer")
        self.first = False
        return WARM

    def close(self) -> None:
        self.closed += 1


class Bench:
    """A duty, fed second by second."""

    def __init__(self, place: Place = Place.SPECIAL_ROOM) -> None:
        self.sink, self.now = Kept(), T0
        config = SensorConfig(device="sensor-1", every_s=10, place=place)
        self.duty = SensorDuty(config, Broken(), RULES, self.sink, now=lambda: self.now)

    def feed(self, seconds: int, sample: ClimateSample | None) -> "Bench":
        for _ in range(seconds):
            self.duty.look(sample, self.now)
            self.now += timedelta(seconds=1)
        return self


def test_values_go_out_every_interval_and_when_a_contact_changes() -> None:
    bench = Bench().feed(21, WARM)
    assert len(bench.sink.samples) == 3
    bench.feed(1, ClimateSample(temperature=26, door_open=True))
    assert len(bench.sink.samples) == 4


def test_nothing_new_is_never_repeated_and_becomes_unknown() -> None:
    bench = Bench().feed(1, WARM).feed(100, None)
    assert (len(bench.sink.samples), bench.sink.state) == (1, "ok")
    bench.feed(1, None)
    assert (len(bench.sink.samples), bench.sink.state) == (1, "unknown: nothing new from the sensor")
    assert bench.feed(1, WARM).sink.state == "ok"


def test_an_event_keeps_its_identity_and_a_silence_ends_nothing() -> None:
    bench = Bench().feed(70, WARM).feed(300, None).feed(1, ClimateSample(temperature=20))
    (first, start), (second, end) = bench.sink.drafts
    assert (start.phase, start.rule, start.zone, start.rev) == (Phase.START, Rule.CLIMATE, "special_room", 0)
    assert (end.phase, end.rev, second) == (Phase.END, 1, first)


def test_time_in_silence_does_not_count_as_warm() -> None:
    bench = Bench().feed(30, WARM).feed(400, None).feed(20, WARM)
    assert bench.sink.drafts == []


def test_time_in_which_the_machine_slept_does_not_count_as_warm() -> None:
    bench = Bench().feed(30, WARM)
    bench.now += timedelta(hours=3)
    assert bench.feed(20, WARM).sink.drafts == []
    assert len(bench.feed(20, WARM).sink.drafts) == 1


def test_a_reheating_probe_has_its_own_rule() -> None:
    bench = Bench(Place.REHEATING)
    for core in (20.0, 60.0, 20.0):
        bench.feed(5, ClimateSample(temperature=core))
    assert [(draft.phase, draft.subject) for _, draft in bench.sink.drafts] == [(Phase.START, "core")]


def test_a_driver_that_fails_is_closed_and_the_state_is_unknown() -> None:
    bench, driver = Bench(), Broken()
    bench.duty.driver, bench.duty.config = driver, SensorConfig(device="sensor-1", every_s=0.01)
    with pytest.raises(DriverError, match="sensor sensor-1: no answer"):
        bench.duty.run(threading.Event())
    assert (driver.closed, bench.sink.state) == (1, "driver failed")


def test_somebody_in_the_uv_light_is_reported_at_once() -> None:
    bench = Bench(Place.STORE)
    bench.duty.inside = lambda: True
    bench.feed(1, ClimateSample(uv_lamp=True, door_open=False))
    assert [(draft.rule, draft.subject) for _, draft in bench.sink.drafts] == [(Rule.UV_LAMP, "people")]


def test_a_complaint_is_said_once_until_it_is_settled(caplog: pytest.LogCaptureFixture) -> None:
    time = [0.0]
    complaints = Complaints("lift-1", lambda: time[0])
    for second in range(50):
        time[0] = float(second)
        complaints.settle({"speed": f"speed: {second}" if second % 2 else None})
    assert caplog.messages == ["lift-1: speed: 1; unknown until it is put right"]
    time[0] = 70.0
    complaints.settle({"speed": "speed: 70"})
    assert len(caplog.messages) == 1
    complaints.settle({"speed": None})
    complaints.settle({"speed": "speed: 71"})
    assert caplog.messages[1:] == ["lift-1: speed: 71; unknown until it is put right"]
