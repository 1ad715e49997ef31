"""Video on request: pushes what a camera has recorded to the centre while somebody's lease lasts, and no longer."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

import httpx
import msgspec

from edge.clock import now_utc
from edge.live_config import LiveConfig

log = logging.getLogger(__name__)
TIMEOUT_S, POLL_S, PAUSE_S = 20.0, 0.3, 1.0
BACK = timedelta(seconds=8)
"""a live view begins with what was recorded just now, so that the picture is there at once"""
NEWEST = 3
"""as many segments may wait; older ones are left out: live means now"""
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class Segment(Protocol):
    """A piece of a camera's fMP4 recording."""

    @property
    def path(self) -> Path: ...
    @property
    def init(self) -> Path: ...
    @property
    def start(self) -> datetime: ...
    @property
    def seconds(self) -> float: ...
    @property
    def size(self) -> int: ...


class Segments(Protocol):
    """What is kept of a camera, oldest first."""

    def between(self, start: datetime, end: datetime) -> Sequence[Segment]: ...

    def after(self, start: datetime) -> Sequence[Segment]: ...


class Ended(Exception):
    """The centre takes no more; the text says why."""


class Outcome(msgspec.Struct):
    """What a push has sent so far."""

    segments: int = 0
    size: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        gaps = f", {self.left_out} left out to stay with the present" if self.left_out else ""
        return f"{self.segments} segments, {self.size // 1024} kB{gaps}"


class Push:
    """One lease at work."""

    def __init__(self, live: LiveConfig, ring: Segments, lease: UUID, device: str, until: datetime) -> None:
        self.live, self.ring, self.lease, self.device, self.until = live, ring, lease, device, until
        self.sent = Outcome()
        self._inits: dict[str, int] = {}
        self._wanted = threading.Event()

    def end(self) -> None:
        self._wanted.set()

    def run_live(self, client: httpx.Client, stop: threading.Event, now: Callable[[], datetime]) -> str:
        """Sends what is recorded from now on until the lease ends. Raises Ended."""
        last = now() - BACK
        while now() < self.until and not stop.is_set() and not self._wanted.is_set():
            waiting = [one for one in self.ring.after(last) if one.start > last]
            self.sent.left_out += max(0, len(waiting) - NEWEST)
            for segment in waiting[-NEWEST:]:
                last = segment.start
                if not self._send(client, segment, stop):
                    break
            stop.wait(POLL_S)
        return "the lease is over" if now() >= self.until else "ended"

    def run_interval(
        self, client: httpx.Client, stop: threading.Event, now: Callable[[], datetime], segments: Sequence[Segment]
    ) -> str:
        """Sends these segments in order. Raises Ended."""
        for segment in segments:
            while not self._send(client, segment, stop):
                if stop.is_set() or self._wanted.is_set() or now() >= self.until:
                    raise Ended(f"the lease was over after {self.sent}")
        return "all of it was sent"

    def _send(self, client: httpx.Client, segment: Segment, stop: threading.Event) -> bool:
        """One segment, no faster than allowed; False when it has to be tried again or left out."""
        try:
            init, content = segment.init.read_bytes(), segment.path.read_bytes()
        except OSError:
            # The ring has let go of it meanwhile.
            self.sent.left_out += 1
            return True
        began = time.monotonic()
        key = hashlib.sha256(init).hexdigest()
        if key not in self._inits:
            number = len(self._inits)
            if not self.put(client, f"init/{number}", init):
                stop.wait(PAUSE_S)
                return False
            self._inits[key] = number
        headers = {
            "X-Segment-Start": segment.start.astimezone(UTC).isoformat(),
            "X-Segment-Seconds": f"{segment.seconds:.3f}",
            "X-Segment-Init": str(self._inits[key]),
        }
        if not self.put(client, f"segment/{self.sent.segments}", content, headers):
            stop.wait(PAUSE_S)
            return False
        self.sent.segments += 1
        self.sent.size += len(content)
        least = len(content) * 8 / 1000 / self.live.now.live.max_kbps
        stop.wait(max(0.0, least - (time.monotonic() - began)))
        return True

    def put(self, client: httpx.Client, name: str, content: bytes, headers: dict[str, str] | None = None) -> bool:
        """False when the centre cannot be reached now. Raises Ended when it refuses."""
        upload = self.live.now.upload
        sent = {
            **(headers or {}),
            "Authorization": f"Bearer {upload.token}",
            "X-Sunlit-Device": self.device,
            "Content-Type": "application/octet-stream",
        }
        address = f"{upload.url.rstrip('/')}/edge/v1/live/{self.lease}/{name}"
        try:
            answer = client.put(address, content=content, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("live %s: %s cannot be reached (%s)", self.device, upload.url, type(error).__name__)
            return False
        if answer.is_success:
            return True
        if answer.status_code in LATER:
            return False
        raise Ended(f"the centre answers {answer.status_code} {' '.join(answer.text.split())[:200]}")


class Pushers:
    """All leases of an agent."""

    def __init__(
        self, live: LiveConfig, rings: Callable[[str], Segments | None], now: Callable[[], datetime] = now_utc
    ) -> None:
        self.live, self.rings, self.now = live, rings, now
        self._running: dict[UUID, Push] = {}
        self._lock = threading.Lock()

    def renew(self, lease: UUID, device: str, until: datetime) -> bool:
        """Lets a running lease last until then; False when it does not run."""
        with self._lock:
            push = self._running.get(lease)
            if push is None or push.device != device:
                return False
            push.until = max(push.until, until)
            return True

    def end(self, lease: UUID, device: str) -> bool:
        """Ends a lease before its time; False when it does not run."""
        with self._lock:
            push = self._running.get(lease)
            if push is None or push.device != device:
                return False
            push.end()
            return True

    def open(self, lease: UUID, device: str, until: datetime) -> Push | str:
        """A push that counts from now on, or why there is none."""
        ring = self.rings(device)
        if ring is None:
            return f"device: {device!r} keeps no recording, expected a camera of this agent that does"
        if not self.live.now.upload.url:
            return "upload.url: '', expected the centre's address"
        with self._lock:
            if len(self._running) >= self.live.now.live.at_once:
                return f"{len(self._running)} views run already, expected at most {self.live.now.live.at_once}"
            push = Push(self.live, ring, lease, device, until)
            self._running[lease] = push
            return push

    def run(
        self, push: Push, stop: threading.Event, work: Callable[[Push, httpx.Client, threading.Event], str]
    ) -> tuple[bool, str]:
        """Does the work of a push and tells the centre how it ended."""
        good, words = False, "failed: the agent's log says why"
        # The house's own proxy settings are not ours: video goes to the configured address and nowhere else.
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as client:
            try:
                good, words = True, work(push, client, stop)
            except Ended as error:
                words = str(error)
            finally:
                with self._lock:
                    self._running.pop(push.lease, None)
                self._tell(push, client, words)
        return good, f"{words}; {push.sent}"

    def _tell(self, push: Push, client: httpx.Client, words: str) -> None:
        try:
            push.put(client, "done", msgspec.json.encode({"reason": words[:300]}))
        except Ended as error:
            log.info("live %s: %s", push.device, error)
