"""From the spool to the broker: alarms first, a bounded number in flight, forgotten only when acknowledged."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from contracts.kinds import Lane
from edge.spool import Spool
from runtime.bus import Bus

log = logging.getLogger(__name__)
IN_FLIGHT = 200


class Pump:
    """The one thread that publishes from the spool and reads the broker's acknowledgements."""

    def __init__(self, spool: Spool, bus: Bus, status: Callable[[], None], status_every_s: float) -> None:
        self.spool, self.bus = spool, bus
        self._status, self._status_every_s, self._status_at = status, status_every_s, float("-inf")
        self._flying: dict[int, int] = {}
        self._cursor = dict.fromkeys((Lane.EVENT, Lane.TELEMETRY), 0)

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
        for lane in (Lane.EVENT, Lane.TELEMETRY):
            room = IN_FLIGHT - len(self._flying)
            # Alarms always have room: telemetry may not fill the last places.
            if lane is Lane.TELEMETRY:
                room -= IN_FLIGHT // 4
            for kept in self.spool.take(lane, self._cursor[lane], room) if room > 0 else []:
                mid = self.bus.publish(kept.topic, kept.payload)
                if mid is None:
                    return sent
                self._flying[mid] = kept.id
                self._cursor[lane] = kept.id
                sent += 1
        return sent

    def _forget(self) -> int:
        done: list[int] = []
        while True:
            try:
                mid = self.bus.acks.get_nowait()
            except queue.Empty:
                break
            # Statuses are acknowledged too; they are not in the spool.
            kept = self._flying.pop(mid, None)
            if kept is not None:
                done.append(kept)
        if done:
            self.spool.done(done)
        return len(done)

    def _say_status(self) -> None:
        if self.bus.connected and time.monotonic() - self._status_at >= self._status_every_s:
            self._status_at = time.monotonic()
            self._status()
