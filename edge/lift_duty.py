"""One lift: read ten times a second, decide, and pass on what changed."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import LiftSample
from edge.config import LiftConfig, TrappedRules
from edge.drivers import DriverError, LiftDriver
from edge.rules import Decision, alarm, trapped
from edge.sink import EventDraft, Sink

log = logging.getLogger(__name__)
READ_S, FLUSH_S, STALE_S = 0.1, 1.0, 10.0
SILENT = ("dt", "speed", "position", "load", "acceleration")


def now_utc() -> datetime:
    return datetime.now(UTC)


class LiftDuty:
    """Reads a driver and speaks for its device."""

    def __init__(
        self,
        config: LiftConfig,
        driver: LiftDriver,
        rules: TrappedRules,
        sink: Sink,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.config, self.driver, self.rules, self.sink, self.now = config, driver, rules, sink, now
        self._trapped, self._alarm = trapped.TrappedState(), alarm.AlarmState()
        self._open: dict[Rule, tuple[UUID, int]] = {}
        self._source = ("", "")
        self._batch: list[tuple[datetime, LiftSample]] = []
        self._last: LiftSample | None = None
        self._flushed = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """The duty. A driver that fails for 10 s makes the state unknown; it is opened again by whoever keeps us."""
        try:
            self.driver.open()
            while not stop.wait(READ_S):
                sample = self.driver.read()
                if sample is not None:
                    self.look(sample, self.now())
        except DriverError as error:
            self.sink.health(self.config.device, "driver failed")
            # Unknown, never normal: nobody may read the last good sample as the present.
            self.look(LiftSample(), self.now())
            self._flush()
            raise DriverError(f"lift {self.config.device}: {error}") from error
        finally:
            self.driver.close()

    def look(self, sample: LiftSample, now: datetime) -> None:
        """One sample through the rules, then into the batch."""
        self.sink.health(self.config.device, "ok")
        self._source = (sample.source_scheme, ",".join(sample.source_codes)[:64])
        self._alarm, pressed = alarm.step(self._alarm, sample, now)
        self._trapped, decided = trapped.step(self._trapped, sample, now, self.rules)
        for decision in (*pressed, *decided):
            self._say(decision, now)
        changed = self._last is None or _state(sample) != _state(self._last)
        if changed or time.monotonic() - self._flushed >= FLUSH_S:
            self._batch.append((now, sample))
            self._last = sample
        if time.monotonic() - self._flushed >= FLUSH_S and self._batch:
            self._flush()

    def _say(self, decision: Decision, now: datetime) -> None:
        known, rev = self._open.pop(decision.rule, (None, -1))
        draft = EventDraft(
            device=self.config.device,
            rule=decision.rule,
            phase=decision.phase,
            at=decision.at,
            observed=now,
            id=known,
            rev=rev + 1,
            subject=decision.subject,
            confidence=decision.confidence,
            source_scheme=self._source[0],
            source_code=self._source[1],
            details={**decision.details, "reason": decision.reason},
        )
        identity = self.sink.event(draft)
        if decision.phase is not Phase.END:
            self._open[decision.rule] = (identity, rev + 1)
        log.warning("lift %s: %s %s: %s", self.config.device, decision.rule, decision.phase, decision.reason)

    def _flush(self) -> None:
        base = self._batch[0][0]
        samples = [
            msgspec.structs.replace(sample, dt=max(0, round((at - base).total_seconds() * 1000)))
            for at, sample in self._batch
        ]
        self.sink.telemetry(self.config.device, base, samples)
        self._batch.clear()
        self._flushed = time.monotonic()


def _state(sample: LiftSample) -> tuple[object, ...]:
    """What counts as a change: the discrete fields, not the noise of the measuring."""
    return tuple(getattr(sample, name) for name in sample.__struct_fields__ if name not in SILENT)
