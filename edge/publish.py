"""From the spool to the broker: alarms first and at once, the rest at a bounded rate, forgotten when acknowledged."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeVar

from edge import rate
from edge.gate import Gate
from edge.losses import Lost
from edge.priority import Priority
from edge.spool import Kept, Spool
from edge.unheard import Unheard
from runtime.bus import NOT_AUTHORISED, Bus, Refused

log = logging.getLogger(__name__)
T = TypeVar("T")
IN_FLIGHT = {Priority.ALARM: 200, Priority.EVENT: 100, Priority.TELEMETRY: 50}
"""how full the window may be for each to send: the last places are for who is more urgent, and on a slow line an alarm
stands behind what is in flight"""
SEND_PER_S = 200.0
SOON_S = 5.0
"""the least between two statuses, however often devices change"""
NAMED = 3
"""so many topics are named in the log; of the others their number"""


class Told(NamedTuple):
    """A status that was published, by its id, with the losses that it names."""

    mid: int | None
    losses: Sequence[Lost]
    topic: str


class Flown(NamedTuple):
    """A message of the spool that is with the broker."""

    level: Priority
    id: int
    topic: str


class Pump:
    """The one thread that publishes from the spool and reads the broker's acknowledgements."""

    def __init__(
        self,
        spool: Spool,
        bus: Bus,
        status: Callable[[], Sequence[Told]],
        status_every_s: float,
        send_per_s: float = SEND_PER_S,
        changed: threading.Event | None = None,
    ) -> None:
        """`changed` asks for statuses before their time."""
        self.spool, self.bus = spool, bus
        self.status_every_s = status_every_s
        self._status, self._status_at = status, float("-inf")
        self._changed = changed or threading.Event()
        self._bucket = rate.full(send_per_s, time.monotonic())
        self._flying: dict[int, Flown] = {}
        self._aloft: set[int] = set()
        self.gate = Gate()
        self._was_connected = False
        self._closed: set[str] = set()
        self._said_shut: frozenset[str] = frozenset()
        self._too_large: set[int] = set()
        self._deaf = Unheard()
        self._said_unheard = False
        self._telling: dict[int, Told] = {}
        self._cursor = dict.fromkeys(Priority, 0)

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        while not stop.is_set():
            self.spool.wake.clear()
            moved = self._send() + self._forget()
            self._say_status()
            if not moved:
                self.spool.wake.wait(0.02 if self._flying else 0.2)

    def finish(self, seconds: float) -> None:
        """After all duties have ended: sends what they said last and waits for the broker's word, a moment at most."""
        end = time.monotonic() + seconds
        while self.bus.connected and time.monotonic() < end:
            moved = self._send() + self._forget()
            if not moved and not self._flying:
                return
            time.sleep(0.0 if moved else 0.02)

    def _send(self) -> int:
        if not self.bus.connected:
            return 0
        sent = 0
        closed = self.gate.closed(time.monotonic())
        if self._closed - closed:
            # The pause of a refused topic is over: what waits for it lies behind the cursors.
            self._cursor = dict.fromkeys(Priority, 0)
        self._closed = closed
        for level in Priority:
            room = max(0, IN_FLIGHT[level] - len(self._flying))
            room = self._deaf.room(level, room, time.monotonic())
            if not room:
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
        now, sent = time.monotonic(), 0
        taken = self.spool.take(level, self._cursor[level], limit, self.gate.closed(now))
        for number, kept in enumerate(taken):
            self._cursor[level] = max(self._cursor[level], kept.id)
            if kept.id in self._aloft:
                continue
            if not self.gate.opens(kept.topic, now) or not self._fits(level, kept):
                # It stays in the spool: its turn comes when its topic opens.
                self.spool.back([kept.id])
                continue
            mid = self.bus.publish(kept.topic, kept.payload)
            if mid is None:
                self._cursor[level] = min(self._cursor[level], kept.id - 1) if kept.id > 0 else self._cursor[level]
                self.spool.back(rest.id for rest in taken[number:])
                break
            self._flying[mid] = Flown(level, kept.id, kept.topic)
            self._aloft.add(kept.id)
            self.gate.sent(kept.topic, now)
            sent += 1
        return sent

    def _fits(self, level: Priority, kept: Kept) -> bool:
        """What is larger than the broker takes would end the connection, again and again: it is not sent."""
        if self.bus.fits(kept.topic, kept.payload):
            return True
        if kept.id not in self._too_large:
            self._too_large.add(kept.id)
            log.error("publish: %s: %d bytes are more than the broker takes", kept.topic, len(kept.payload))
            if level is Priority.TELEMETRY:
                self.spool.lose(kept.id)
        return False

    def _forget(self) -> int:
        done: list[int] = []
        for mid in _all(self.bus.acks):
            # Statuses are acknowledged too; they are not in the spool, but the losses they name are.
            if flown := self._landed(mid):
                done.append(flown.id)
                self._deaf.heard(flown.level)
                self._open(flown.topic)
            elif told := self._telling.pop(mid, None):
                self._open(told.topic)
                self.spool.told(told.losses)
        if done:
            self.spool.done(done)
        self._keep_unheard(_all(self.bus.unheard), bool(done))
        self._keep_refused(_all(self.bus.refused))
        return len(done)

    def _landed(self, mid: int) -> Flown | None:
        flown = self._flying.pop(mid, None)
        if flown is not None:
            self._aloft.discard(flown.id)
        return flown

    def _open(self, topic: str) -> None:
        if self.gate.taken(topic):
            # What had to wait for it lies behind the cursors.
            self._cursor = dict.fromkeys(Priority, 0)
        self._say_shut()

    def _keep_unheard(self, mids: list[int], heard: bool) -> None:
        """What the broker took for nobody is not delivered: the lane begins again from what the spool still holds."""
        again: set[Priority] = set()
        for mid in mids:
            if told := self._telling.pop(mid, None):
                self._open(told.topic)
            if flown := self._landed(mid):
                again.add(flown.level)
                self.spool.back([flown.id])
                self._open(flown.topic)
        self._begin_again(again)
        if again and not self._said_unheard:
            log.warning("publish: nobody listens to %s at the broker; is ingest running?", ", ".join(sorted(again)))
        if heard and self._said_unheard and not again:
            log.info("publish: somebody listens again")
        self._said_unheard = bool(again) or (self._said_unheard and not heard)

    def _begin_again(self, levels: set[Priority]) -> None:
        for level in levels:
            self._cursor[level] = 0
            self._deaf.again(level, time.monotonic())

    def _keep_refused(self, refusals: list[Refused]) -> None:
        """What the broker refused is not delivered. It stays, and its topic waits: others are not held up by it."""
        again: set[Priority] = set()
        for refused in refusals:
            told, flown = self._telling.pop(refused.mid, None), self._landed(refused.mid)
            if flown is not None:
                self.spool.back([flown.id])
            topic = flown.topic if flown else told.topic if told else None
            if topic is not None and refused.code == NOT_AUTHORISED:
                self.gate.refused(topic, time.monotonic())
                self._cursor = dict.fromkeys(Priority, 0)
            elif flown is not None:
                again.add(flown.level)
                self._open(flown.topic)
                log.warning("publish: the broker does not take %s now (%s)", flown.topic, refused.text)
            elif told is not None:
                # The next status goes out in its time.
                self._open(told.topic)
        self._begin_again(again)
        self._say_shut()
        self.spool.held = self.gate.idle

    def _say_shut(self) -> None:
        """Logs on change, and names some: an agent may carry many devices."""
        shut = self.gate.shut
        if shut - self._said_shut:
            log.error("publish: the broker refuses %s; is it registered for this agent? kept, tried again", some(shut))
        elif self._said_shut and not shut:
            log.info("publish: the broker takes everything again")
        self._said_shut = shut

    def _say_status(self) -> None:
        connected = self.bus.connected
        if connected and not self._was_connected:
            # Meanwhile the broker may have said our last will.
            self._status_at = float("-inf")
        self._was_connected = connected
        wait_s = min(SOON_S, self.status_every_s) if self._changed.is_set() else self.status_every_s
        if connected and time.monotonic() - self._status_at >= wait_s:
            self._status_at = time.monotonic()
            self._changed.clear()
            for told in self._status():
                if told.mid is not None:
                    self._telling[told.mid] = told
                    self.gate.sent(told.topic, time.monotonic())


def some(topics: Collection[str]) -> str:
    """A few of them by name, and how many more there are."""
    named = ", ".join(sorted(topics)[:NAMED])
    return named if len(topics) <= NAMED else f"{named} and {len(topics) - NAMED} more"


def _all(waiting: "queue.SimpleQueue[T]") -> list[T]:
    found: list[T] = []
    while True:
        try:
            found.append(waiting.get_nowait())
        except queue.Empty:
            return found
