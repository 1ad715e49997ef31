"""The loop of a running city, and what it says of itself."""

import threading
import time
from collections.abc import Callable

from msgspec import Struct

from runtime.simulate.life import Life
from runtime.simulate.sender import Sender, SendError
from runtime.simulate.speakers import Speaker

TICK_S = 0.05
REPORT_S = 1.0
DRAIN_S = 60.0


class Report(Struct, kw_only=True):
    """A second of the city, or all of it at the end. Counts are of the whole time, rates of the last second."""

    seconds: float
    asked_per_s: float
    achieved_per_s: float
    """messages that the broker has taken"""
    telemetry: int
    samples: int
    event: int
    status: int
    taken: int
    waiting: int
    unheard: int
    """alarms and statuses that the broker took although nobody listened"""
    again: int
    """telemetry that goes out again because nobody listened: ingest is behind"""
    refused: int
    """turned down by the broker"""
    skipped: int
    """turns that were left out because the city could not keep up"""
    entrapments: int
    inside: int
    """lifts in which somebody waits now"""
    findings: int
    letters: int = 0
    pressed: int = 0
    final: bool = False


class Runner:
    """Ticks until told to stop, then ends everything that is open and says how many messages there were."""

    def __init__(self, life: Life, sender: Sender, tell: Callable[[Report], None]) -> None:
        self.life, self.sender, self.tell = life, sender, tell
        self.began = self._told_at = time.monotonic()
        self._told = 0

    def run(self, stop: threading.Event, seconds: float | None) -> None:
        """Lives until `stop` or for so many seconds."""
        self.began = self._told_at = time.monotonic()
        self.life.begin(time.time())
        while not stop.is_set() and (seconds is None or time.monotonic() - self.began < seconds):
            began = time.monotonic()
            self.life.tick(time.time())
            if began - self._told_at >= REPORT_S:
                self.tell(self.report())
            stop.wait(max(0.0, TICK_S - (time.monotonic() - began)))

    def end(self, hasten: threading.Event, progress: Callable[[int], None]) -> Report:
        """Ends what is open, then tells every device's last counts. `hasten` cuts the rest short."""
        at_work, taken = time.monotonic() - self.began, self.sender.taken
        self.life.end_all(time.time())
        self.sender.drain(DRAIN_S, hasten)
        speakers = self.life.speakers
        for done, speaker in enumerate(speakers, 1):
            if hasten.is_set():
                break
            self._last_word(speaker, hasten)
            if done % 500 == 0 or done == len(speakers):
                progress(done)
                while self.sender.collect() > 5_000 and not hasten.wait(0.02):
                    pass
        self.sender.drain(DRAIN_S, hasten)
        last = self.report()
        # The rate is that of the city at work, not of its end.
        last.achieved_per_s, last.seconds, last.final = round(taken / max(1e-6, at_work), 1), round(at_work, 1), True
        return last

    def _last_word(self, speaker: Speaker, hasten: threading.Event) -> None:
        until = time.monotonic() + DRAIN_S
        while not self.life.status(speaker, time.time(), online=False) and not hasten.wait(0.2):
            if time.monotonic() > until:
                raise SendError(f"broker {self.sender.where} is away; not every device's last counts were told")

    def report(self) -> Report:
        waiting, now = self.sender.collect(), time.monotonic()
        span = max(1e-6, now - self._told_at)
        achieved = (self.sender.taken - self._told) / span
        self._told, self._told_at = self.sender.taken, now
        counts = self.life.counts
        return Report(
            seconds=round(now - self.began, 1),
            asked_per_s=round(self.life.asked, 1),
            achieved_per_s=round(achieved, 1),
            telemetry=counts.telemetry,
            samples=counts.samples,
            event=counts.event,
            status=counts.status,
            taken=self.sender.taken,
            waiting=waiting,
            unheard=self.sender.unheard,
            again=self.sender.again,
            refused=self.sender.refused,
            skipped=sum(flock.skipped for flock in self.life.flocks),
            entrapments=counts.entrapments,
            inside=len(self.life.rescues),
            findings=counts.findings,
        )
