"""Keeps one camera's child process alive and holds its newest picture."""

import logging
import os
import random
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from contracts.vision import Image
from edge import restarts
from edge.frames import BrokenPipeOfFrames, Order, Reader, Record, Said, image_of
from edge.restarts import Restarts
from edge.source import Source

log = logging.getLogger(__name__)
CHILD: Sequence[str] = (sys.executable, "-m", "edge.camera_child")


class Limits(msgspec.Struct, frozen=True):
    """Seconds. A child that is slower than these is killed."""

    start: float = 60
    """until the child has loaded its libraries: slow on a busy machine"""
    open: float = 10
    silence: float = 20
    first_pause: float = 0.5
    longest_pause: float = 10
    """with the time to open, a camera that is there again is seen within half a minute"""


class Frame(msgspec.Struct, frozen=True):
    """One picture: height x width x 3, BGR. `number` counts from 1 over all restarts."""

    number: int
    image: Image
    captured: datetime


class CameraLost(RuntimeError):
    """The child ended or was killed; the text says what, where and what to do."""


class Capture:
    """Run `run` in a thread; ask for the newest picture with `newest`. A picture that nobody took is forgotten."""

    def __init__(
        self,
        device: str,
        source: Source,
        looks_per_second: float,
        seed: int = 1,
        *,
        transport: str = "tcp",
        segments: Path | None = None,
        limits: Limits | None = None,
        command: Sequence[str] = CHILD,
    ) -> None:
        self.device, self.source, self.limits, self.command = device, source, limits or Limits(), command
        self.order = Order(
            source.kind, source.address, source.name, looks_per_second, seed, transport, str(segments or "")
        )
        self.pid: int | None = None
        self.fault = ""
        """why there are no pictures; empty while there are"""
        self.note = ""
        """what is wrong although there are pictures, such as a disk that is full"""
        self.frames = 0
        """pictures that the source has given since the start, wanted or not"""
        self._fresh = threading.Condition()
        self._frame: Frame | None = None
        self._number = self._counted = 0
        self._shown_since: float | None = None

    def newest(self, after: int, timeout: float) -> Frame | None:
        """The newest picture if its number is above `after`; waits for it up to `timeout` seconds."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._number > after, timeout)
            return self._frame if self._number > after else None

    def run(self, stop: threading.Event) -> None:
        """Starts the child again and again, with back-off and jitter, until `stop`."""
        waits = Restarts()
        while not stop.is_set():
            self._shown_since = None
            try:
                self._watch(stop)
            except CameraLost as lost:
                if str(lost) != self.fault:
                    log.error("camera %s: %s", self.device, lost)
                self.fault = str(lost)
            now = time.monotonic()
            lived = now - self._shown_since if self._shown_since is not None else 0.0
            waits, pause = restarts.step(waits, lived, now, self.limits.first_pause, self.limits.longest_pause)
            stop.wait(pause * random.uniform(0.75, 1.25))

    def _watch(self, stop: threading.Event) -> None:
        """One child's life. Raises CameraLost."""
        # A session of its own: Ctrl-C in a terminal is for the agent, which then ends the child in order.
        child = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert child.stdin is not None and child.stdout is not None
        self.pid = child.pid
        try:
            child.stdin.write(msgspec.json.encode(self.order) + b"\n")
            child.stdin.flush()
            self._listen(child.stdout.fileno(), stop)
        except (BrokenPipeError, BrokenPipeOfFrames) as error:
            raise CameraLost(f"{self.source.name}: {error}; starting it again") from error
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
            # What was not flushed has nobody to read it.
            try:
                child.stdin.close()
            except BrokenPipeError:
                log.debug("camera %s: its process ended before it had read its order", self.device)
            self.pid = None

    def _listen(self, pipe: int, stop: threading.Event) -> None:
        reader, allowed, waiting_for = Reader(), self.limits.start, "it did not start"
        heard = time.monotonic()
        while not stop.is_set():
            if time.monotonic() - heard > allowed:
                raise CameraLost(f"{self.source.name}: {waiting_for} within {allowed:g} s; killed, starting it again")
            if not select.select([pipe], [], [], 0.2)[0]:
                continue
            piece = os.read(pipe, 1 << 20)
            if not piece:
                raise CameraLost(f"{self.source.name}: its process ended; starting it again")
            for record in reader.feed(piece):
                self._take(record)
                heard = time.monotonic()
                opened = record.said is not Said.READY
                allowed = self.limits.silence if opened else self.limits.open
                waiting_for = "no picture came" if opened else "it did not open"

    def _take(self, record: Record) -> None:
        if record.said is Said.FAULT:
            raise CameraLost(record.body.decode(errors="replace"))
        if record.said is Said.READY:
            self._counted = 0
            return
        if record.said is Said.NOTE:
            self._noted(record.body.decode(errors="replace"))
            return
        self.frames += max(0, record.total - self._counted)
        self._counted = record.total
        if record.said not in (Said.FRAME, Said.FRAME_I420):
            return
        if self.fault:
            log.info("camera %s: pictures again", self.device)
            self.fault = ""
        self._keep(record)

    def _noted(self, note: str) -> None:
        if note != self.note:
            log.log(logging.ERROR if note else logging.INFO, "camera %s: %s", self.device, note or "recording again")
        self.note = note

    def _keep(self, record: Record) -> None:
        captured = datetime.fromtimestamp(record.time_ns / 1e9, UTC)
        if self._shown_since is None:
            self._shown_since = time.monotonic()
        with self._fresh:
            self._number += 1
            self._frame = Frame(self._number, image_of(record), captured)
            self._fresh.notify_all()
