"""From the spool to the broker: alarms first and at once, the rest at a bounded rate, forgotten when acknowledged."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from edge import rate
from edge.losses import Lost
from edge.priority import Priority
from edge.spool import Spool
from runtime.bus import Bus

log = logging.getLogger(__name__)
IN_FLIGHT = {Priority.ALARM: 200, Priority.EVENT: 100, Priority.TELEMETRY: 50}
"""how full the window may be for each to send: the last places are for who is more urgent, and on a slow line an alarm
stands behind what is in flight"""
SEND_PER_S = 200.0
AGAIN_S = 1.0
"""after so long a lane that nobody listened to is tried again"""

Told = tuple[int | None, Sequence[Lost]]
"""a status that was published, by its id, with the losses that it names"""


class Pump:
    """The one thread that publishes from the spool and reads the broker's acknowledgements."""

    def __init__(
        self,
        spool: Spool,
        bus: Bus,
        status: Callable[[], Sequence[Told]],
        status_every_s: float,
        send_per_s: float = SEND_PER_S,
    ) -> None:
        self.spool, self.bus = spool, bus
        self.status_every_s = status_every_s
        self._status, self._status_at = status, float("-inf")
        self._bucket = rate.full(send_per_s, time.monotonic())
        self._flying: dict[int, tuple[Priority, int]] = {}
        self._not_before = dict.fromkeys(Priority, float("-inf"))
        self._said_unheard = False
        self._telling: dict[int, Sequence[Lost]] = {}
        self._cursor = dict.fromkeys(Priority, 0)

    def run(self, stop: threading.Event) -> None:
        """The duty; at the end it waits a moment for what is in flight."""
        while not stop.is_set():
            self.spool.wake.clear()
            moved = self._send() + self._forget()
            self._say_status()
            if not moved:
                self.spool.wake.wait(0.02 if self._flying else 0.2)
        end = time.monotonic() + 2
        while self._flying and self.bus.connected and time.monotonic() < end:
            self._forget()
            time.sleep(0.02)

    def _send(self) -> int:
        if not self.bus.connected:
            return 0
        sent = 0
        for level in Priority:
            room = max(0, IN_FLIGHT[level] - len(self._flying))
            if time.monotonic() < self._not_before[level]:
                continue
            allowed = room
            if level is not Priority.ALARM:
                # After a day without the centre the backlog must not drown it, nor take the line from a new alarm.
                self._bucket, allowed = rate.step(self._bucket, time.monotonic(), room)
            gone = self._send_level(level, allowed) if allowed else 0
            if level is not Priority.ALARM:
                self._bucket = rate.refund(self._bucket, allowed - gone)
            sent += gone
        return sent

    def _send_level(self, level: Priority, limit: int) -> int:
        taken = self.spool.take(level, self._cursor[level], limit)
        for number, kept in enumerate(taken):
            mid = self.bus.publish(kept.topic, kept.payload)
            if mid is None:
                self.spool.back(rest.id for rest in taken[number:])
                return number
            self._flying[mid] = (level, kept.id)
            self._cursor[level] = max(self._cursor[level], kept.id)
        return len(taken)

    def _forget(self) -> int:
        done: list[int] = []
        for mid in _all(self.bus.acks):
            # Statuses are acknowledged too; they are not in the spool, but the losses they name are.
            if flown := self._flying.pop(mid, None):
                done.append(flown[1])
            elif told := self._telling.pop(mid, ()):
                self.spool.told(told)
        if done:
            self.spool.done(done)
        self._keep_unheard(_all(self.bus.unheard), bool(done))
        return len(done)

    def _keep_unheard(self, mids: list[int], heard: bool) -> None:
        """What the broker took for nobody is not delivered: the lane begins again from what the spool still holds."""
        again: set[Priority] = set()
        for mid in mids:
            self._telling.pop(mid, None)
            if flown := self._flying.pop(mid, None):
                again.add(flown[0])
                self.spool.back([flown[1]])
        for level in again:
            self._cursor[level] = 0
            self._not_before[level] = time.monotonic() + AGAIN_S
        if again and not self._said_unheard:
            log.warning("publish: nobody listens to %s at the broker; is ingest running?", ", ".join(sorted(again)))
        if heard and self._said_unheard and not again:
            log.info("publish: somebody listens again")
        self._said_unheard = bool(again) or (self._said_unheard and not heard)

    def _say_status(self) -> None:
        if self.bus.connected and time.monotonic() - self._status_at >= self.status_every_s:
            self._status_at = time.monotonic()
            self._telling.update({mid: losses for mid, losses in self._status() if mid is not None and losses})


def _all(waiting: "queue.SimpleQueue[int]") -> list[int]:
    found: list[int] = []
    while True:
        try:
            found.append(waiting.get_nowait())
        except queue.Empty:
            return found
