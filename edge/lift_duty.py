"""One lift: read ten times a second, decide, and pass on what changed."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from contracts.kinds import ServiceMode
from contracts.messages import LiftSample
from edge.clock import Clock
from edge.config import LiftConfig, Rules
from edge.drivers import LiftDriver
from edge.open_events import OpenEvents
from edge.reader import READ_S, Reader
from edge.ride_watch import RideWatch
from edge.rules import lifts, unknown
from edge.rules.look import Look, setup_of
from edge.self_test import SelfTests
from edge.sink import Sink

FLUSH_S, TEST_AGAIN_S = 1.0, 60.0
SILENT = ("dt", "speed", "position", "load", "acceleration")
VALUES = (
    *("car", "direction", "floor", "door_zone", "door_closed", "passenger", "power", "alarm_button"),
    *("speed", "position", "load", "acceleration"),
)
NOTHING = LiftSample()


class LiftDuty:
    """Reads a driver and speaks for its device.

    `people`: what the camera in the car sees. `mains`: is told since when the mains is lost, None while it is there.
    `reached`: whether the centre has all events so far.
    """

    def __init__(
        self,
        config: LiftConfig,
        driver: LiftDriver,
        rules: Rules,
        sink: Sink,
        *,
        folder: Path | None = None,
        people: Callable[[], int | None] = lambda: None,
        mains: Callable[[datetime | None], None] = lambda _: None,
        tests: SelfTests | None = None,
        rides: RideWatch | None = None,
        reached: Callable[[], bool] = lambda: False,
        clock: Clock | None = None,
    ) -> None:
        self.config, self.driver, self.sink = config, driver, sink
        self.people, self.mains, self.tests, self.reached, self.rides = people, mains, tests, reached, rides
        self.clock, self.setup = clock or Clock(), setup_of(config, rules)
        self.events = OpenEvents(config.device, sink, folder / f"{config.device}.json" if folder else None)
        self._state: lifts.State | None = None
        self._batch: list[tuple[datetime, LiftSample]] = []
        self._newest, self._last = NOTHING, NOTHING
        self._stale = False
        self._fresh = self._flushed = self._tried = self.clock.steady()

    def run(self, stop: threading.Event) -> None:
        """The duty. A driver that fails or hangs for 10 s makes the lift unknown; it is opened again all the while."""
        reader, ended = Reader(self.config.device, self.driver, self.clock), threading.Event()
        thread = threading.Thread(target=reader.run, args=(ended,), name=f"read-{self.config.device}", daemon=True)
        thread.start()
        try:
            if self._state is not None:
                # The duty failed and runs again: what it could not say then is said now.
                self.events.resume()
            while not stop.wait(READ_S):
                for sample, at in reader.take():
                    self.look(sample, at)
                self.look(None, self.clock.steady())
                self._test_when_due()
        finally:
            ended.set()
            thread.join(2)
            self._flush()

    def look(self, sample: LiftSample | None, now: datetime) -> None:
        """One sample, read at the steady time `now`, through the rules, then into the batch; None: nothing new."""
        if self._state is None:
            self._state = self._remembered()
        if sample is not None and not _says_anything(sample):
            sample = None
        if sample is not None:
            self._newest, self._fresh = sample, now
        score = self.rides.feed(sample, now) if self.rides and sample is not None else None
        look = Look(
            sample=self._newest,
            age_s=(now - self._fresh).total_seconds(),
            people=self.people(),
            ride_score=score,
            untested_s=self.tests.age_s(self.config.device) if self.tests else None,
        )
        self._state, decided = lifts.step(self._state, look, now, self.setup)
        for decision in decided:
            source = (self._newest.source_scheme, self._newest.source_codes)
            self.events.say(decision, self.clock.on_the_wall(decision.at), self.clock.wall(), source)
        if self.rides and score is not None:
            self.rides.save(lifts.rides_of(self._state))
        self.mains(lifts.mains_lost_since(self._state))
        self._stale = unknown.stale(look, self.setup)
        self.sink.health(self.config.device, "unknown" if self._stale else "ok")
        if sample is not None or self._stale:
            self._keep(NOTHING if self._stale else self._newest, now)

    def renew(self, rules: Rules) -> None:
        """New thresholds, from the next look on."""
        self.setup = setup_of(self.config, rules)

    def _remembered(self) -> lifts.State:
        state = lifts.resume(self.events.resume())
        return lifts.with_rides(state, self.rides.load()) if self.rides else state

    def self_test(self) -> tuple[bool, str]:
        """Proves the way of an alarm as far as it can without pressing the button: it is read, and events arrive."""
        self._tried = self.clock.steady()
        if self._stale or self._newest is NOTHING:
            return False, "no fresh reading from the driver"
        if self._newest.alarm_button is None:
            return False, "alarm_button: unknown, expected the driver to read it"
        if not self.reached():
            return False, "events wait in the spool: the centre is not reached"
        if self.tests is not None:
            self.tests.passed(self.config.device)
        return True, "button is read, events arrive"

    def _test_when_due(self) -> None:
        if self.tests is None or self.tests.age_s(self.config.device) < self.setup.lift.self_test_every_s:
            return
        if (self.clock.steady() - self._tried).total_seconds() >= TEST_AGAIN_S:
            self.self_test()

    def _keep(self, sample: LiftSample, now: datetime) -> None:
        due = (now - self._flushed).total_seconds() >= FLUSH_S
        if due or _state(sample) != _state(self._last):
            self._batch.append((now, sample))
            self._last = sample
        if due:
            self._flush()
            self._flushed = now

    def _flush(self) -> None:
        if not self._batch:
            return
        base = self._batch[0][0]
        samples = [
            msgspec.structs.replace(sample, dt=max(0, round((at - base).total_seconds() * 1000)))
            for at, sample in self._batch
        ]
        self.sink.telemetry(self.config.device, self.clock.on_the_wall(base), samples)
        self._batch.clear()


def _says_anything(sample: LiftSample) -> bool:
    """A sample without any value is no reading, whatever name of a scheme it bears."""
    known = any(getattr(sample, name) is not None for name in VALUES)
    return known or bool(sample.codes) or sample.mode is not ServiceMode.UNKNOWN


def _state(sample: LiftSample) -> tuple[object, ...]:
    """What counts as a change: the discrete fields, not the noise of the measuring."""
    return tuple(getattr(sample, name) for name in sample.__struct_fields__ if name not in SILENT)
