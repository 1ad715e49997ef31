"""One kitchen sensor: read, decide, and pass on its values every few seconds."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from contracts.kinds import Phase, Rule
from contracts.messages import ClimateSample
from edge.clock import now_utc
from edge.config import ClimateRules, Place, SensorConfig
from edge.drivers import DriverError, SensorDriver
from edge.rules import Decision, climate, clock, reheating, uv_lamp
from edge.sink import EventDraft, Sink

log = logging.getLogger(__name__)
LOOK_S = 1.0
STALE_TIMES = 10


def nobody_can_tell() -> bool | None:
    """For a room without a camera."""
    return None


class SensorDuty:
    """Reads a sensor's driver and speaks for its device."""

    def __init__(
        self,
        config: SensorConfig,
        driver: SensorDriver,
        rules: ClimateRules,
        sink: Sink,
        inside: Callable[[], bool | None] = nobody_can_tell,
        *,
        zone: tzinfo = UTC,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.config, self.driver, self.rules, self.sink = config, driver, rules, sink
        self.inside, self.zone, self.now = inside, zone, now
        self._climate, self._core = climate.ClimateState(), reheating.ReheatingState()
        self._uv = uv_lamp.UvState()
        self._open: dict[tuple[Rule, str], tuple[UUID, int]] = {}
        self._heard: datetime | None = None
        self._sent: tuple[datetime, ClimateSample] | None = None

    def run(self, stop: threading.Event) -> None:
        """The duty. A driver that fails makes the values unknown; it is opened again by whoever keeps us."""
        try:
            self.driver.open()
            self._heard = self._heard or self.now()
            while True:
                self.look(self.driver.read(), self.now())
                if stop.wait(min(LOOK_S, self.config.every_s)):
                    return
        except DriverError as error:
            self.decide(ClimateSample(), self.now())
            self.sink.health(self.config.device, "driver failed")
            raise DriverError(f"sensor {self.config.device}: {error}") from error
        finally:
            self.driver.close()

    def look(self, sample: ClimateSample | None, now: datetime) -> None:
        """One reading. None is nothing new: after ten intervals of it the values are unknown, and never repeated."""
        silent = now - (self._heard or now)
        stale = silent > timedelta(seconds=STALE_TIMES * self.config.every_s)
        if stale:
            # Also before a value that comes after a silence (a machine that slept): the time between is unknown.
            self.decide(ClimateSample(), now)
        if sample is None:
            if stale:
                self.sink.health(self.config.device, "unknown: nothing new from the sensor")
            return
        self._heard = now
        self.sink.health(self.config.device, "ok")
        self.decide(sample, now)
        if self._due(sample, now):
            self._sent = (now, sample)
            self.sink.telemetry(self.config.device, now, [sample])

    def decide(self, sample: ClimateSample, now: datetime) -> None:
        """A sample through the rules of its place."""
        if self.config.place is Place.REHEATING:
            self._core, said = reheating.step(self._core, sample, now, self.rules.reheating)
        else:
            limit = getattr(self.rules, self.config.place.value)
            watched = clock.within(now, self.config.hours, self.zone)
            self._climate, said = climate.step(self._climate, sample, now, limit, self.rules, watched)
        self._uv, lamp = uv_lamp.step(self._uv, sample, self.inside(), now, self.rules.uv, self.zone)
        for decision in (*said, *lamp):
            self._say(decision, now)

    def _due(self, sample: ClimateSample, now: datetime) -> bool:
        """Every interval, and at once when the door or the lamp changes."""
        if self._sent is None:
            return True
        at, before = self._sent
        changed = (sample.door_open, sample.uv_lamp) != (before.door_open, before.uv_lamp)
        return changed or now - at >= timedelta(seconds=self.config.every_s)

    def _say(self, decision: Decision, now: datetime) -> None:
        key = (decision.rule, decision.subject)
        known, rev = self._open.pop(key, (None, -1))
        draft = EventDraft(
            device=self.config.device,
            rule=decision.rule,
            phase=decision.phase,
            at=decision.at,
            observed=now,
            id=known,
            rev=rev + 1,
            subject=decision.subject,
            zone=self.config.place.value,
            confidence=decision.confidence,
            details={**decision.details, "reason": decision.reason},
        )
        identity = self.sink.event(draft)
        if decision.phase is not Phase.END:
            self._open[key] = (identity, rev + 1)
        log.warning("sensor %s: %s %s: %s", self.config.device, decision.rule, decision.phase, decision.reason)
