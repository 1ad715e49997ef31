"""How far this device's clock is from the centre's: measured over HTTPS, honest about how exact that is."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx
import msgspec

from runtime.service import Duty

log = logging.getLogger(__name__)
EVERY_S, AGAIN_S, WATCH_S = 300.0, 15.0, 1.0
JUMP_S = 0.5
LOOKS = 4
TIMEOUT_S = 5.0
DATE_STEP_S = 1.0
TELL_MS = 1000


class Look(NamedTuple):
    """The device's time when the question went out, how long the answer took, the centre's time, and its step."""

    asked: datetime
    took_s: float
    theirs: datetime
    step_s: float


class Offset(NamedTuple):
    """Add `ms` to the device's time to have the centre's; the truth is within `error_ms` of it."""

    ms: int
    error_ms: int


def offset(looks: Sequence[Look]) -> Offset | None:
    """PURE. By the look that bounds it best: the centre read its clock some time between question and answer."""
    if not looks:
        return None
    best = min(looks, key=lambda look: look.took_s + look.step_s)
    ahead = (best.theirs - best.asked).total_seconds() + best.step_s / 2 - best.took_s / 2
    return Offset(round(ahead * 1000), round((best.took_s + best.step_s) * 500) + 1)


class _Time(msgspec.Struct):
    now: datetime


class CentreClock:
    """Asks the centre for the time now and then; `offset` is None until it has answered."""

    def __init__(self, url: str, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._wall = wall
        self.aim(url)
        self.offset: Offset | None = None
        self._said_far = False

    def aim(self, url: str) -> None:
        """Asks another centre from the next time on."""
        self._url = f"{url.rstrip('/')}/edge/v1/time"

    @property
    def offset_ms(self) -> int | None:
        """For events and statuses: not measured is None, never 0."""
        return self.offset.ms if self.offset else None

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as client:
            while not stop.is_set():
                found = offset([look for _ in range(LOOKS) if (look := self.look(client)) is not None])
                if found is not None:
                    self.offset = found
                    self._say(found)
                self._rest(stop, EVERY_S if found else AGAIN_S)

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        """Until it is time to ask again, or somebody has set the clock: then what was measured holds no longer."""
        end, apart = time.monotonic() + seconds, self._wall().timestamp() - time.monotonic()
        while time.monotonic() < end and not stop.wait(WATCH_S):
            if abs(self._wall().timestamp() - time.monotonic() - apart) > JUMP_S:
                self.offset = None
                return

    def look(self, client: httpx.Client) -> Look | None:
        """One question. Without the centre's exact time its Date header serves, which has whole seconds only."""
        asked, began = self._wall(), time.monotonic()
        try:
            answer = client.get(self._url)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        took = time.monotonic() - began
        try:
            if answer.is_success:
                return Look(asked, took, msgspec.json.decode(answer.content, type=_Time).now.astimezone(UTC), 0.0)
            return Look(asked, took, parsedate_to_datetime(answer.headers["date"]).astimezone(UTC), DATE_STEP_S)
        except (msgspec.DecodeError, KeyError, ValueError):
            return None

    def _say(self, found: Offset) -> None:
        far = abs(found.ms) > TELL_MS + found.error_ms
        if far != self._said_far:
            self._said_far = far
            log.log(
                logging.WARNING if far else logging.INFO,
                "clock: this device is %+d ms from the centre (within %d ms)%s",
                -found.ms,
                found.error_ms,
                "; check its time service" if far else "",
            )


def clock_duty(clock: CentreClock, url: str) -> dict[str, Duty]:
    """None without a centre to ask."""
    return {"clock": clock.run} if url else {}
