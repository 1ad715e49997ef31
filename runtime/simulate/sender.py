"""What the city says goes out here: telemetry in bulk, alarms and statuses on a connection of their own."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator

from runtime.bus import Bus
from runtime.publisher import Count, Outgoing, Publisher, PublishError
from runtime.settings import BrokerSettings

CONNECT_S = 10.0
AGAIN_S = 10.0
NOTHING = Count(0, 0, 0, {}, 0)


class SendError(RuntimeError):
    """The broker is not there; the text says where it was looked for."""


class Sender:
    """One thread hands messages over, another carries the telemetry. Nothing that was taken is dropped."""

    def __init__(self, settings: BrokerSettings, name: str, connections: int) -> None:
        self.alarms = Bus(settings, f"{name}-alarms")
        # Ingest that is behind listens to no telemetry for a while: edges keep theirs, and so does this.
        self.publisher = Publisher(settings, connections, again_s=AGAIN_S)
        self.where = f"{settings.host}:{settings.port}"
        self.handed = 0
        """messages that were taken from the city"""
        self._queue: deque[Outgoing] = deque()
        self._told = NOTHING
        self._alarms_taken = self._alarms_unheard = 0
        self._ending = threading.Event()
        self._fault = ""
        self._thread = threading.Thread(target=self._carry, name="telemetry", daemon=True)

    def start(self) -> None:
        """Raises SendError when the broker does not answer."""
        self.alarms.start()
        end = time.monotonic() + CONNECT_S
        while not self.alarms.connected:
            if time.monotonic() > end:
                self.alarms.stop()
                raise SendError(f"broker {self.where} does not answer; is it running? see [broker]")
            time.sleep(0.02)
        self._thread.start()

    def _carry(self) -> None:
        try:
            self.publisher.run(self._due(), tell=self._tell)
        except PublishError as error:
            self._fault = str(error)

    def _due(self) -> Iterator[Outgoing | None]:
        while self._queue or not self._ending.is_set():
            yield self._queue.popleft() if self._queue else None

    def _tell(self, count: Count) -> None:
        self._told = count

    def telemetry(self, topic: str, payload: bytes) -> None:
        """Takes one message for the next free connection."""
        self._queue.append(Outgoing(0.0, topic.encode(), payload))
        self.handed += 1

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Sends an alarm or a status at once. False where there is no connection just now: nothing was sent."""
        if self.alarms.publish(topic, payload, retain=retain) is None:
            return False
        self.handed += 1
        return True

    def collect(self) -> int:
        """Takes in acknowledgements; returns how many messages wait for theirs. Raises SendError when all is over."""
        if self._fault:
            raise SendError(self._fault)
        self._alarms_taken += _emptied(self.alarms.acks)
        unheard = _emptied(self.alarms.unheard)
        self._alarms_taken, self._alarms_unheard = self._alarms_taken + unheard, self._alarms_unheard + unheard
        return self.handed - self.taken

    @property
    def taken(self) -> int:
        """Messages that the broker has acknowledged."""
        return self._alarms_taken + self._told.accepted

    @property
    def unheard(self) -> int:
        """Alarms and statuses that nobody listened to: gone, but for the last status, which the broker keeps."""
        return self._alarms_unheard

    @property
    def again(self) -> int:
        """How often telemetry went out again because nobody listened to it."""
        return self._told.unheard

    @property
    def refused(self) -> int:
        """Messages that the broker has turned down."""
        return sum(self._told.refused.values())

    def drain(self, seconds: float, hasten: threading.Event | None = None) -> int:
        """Waits until the broker has everything; returns how many messages it has not after so many seconds.

        Where nobody listens it waits for one more try, and no longer.
        """
        end = time.monotonic() + seconds
        before, moved_at = self.taken, time.monotonic()
        while (waiting := self.collect() - self.refused) and time.monotonic() < end:
            if self.taken != before:
                before, moved_at = self.taken, time.monotonic()
            if time.monotonic() - moved_at > AGAIN_S + 3.0 or (hasten is not None and hasten.is_set()):
                break
            time.sleep(0.02)
        return waiting

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5)
        self.alarms.stop()


def _emptied(acks: "queue.SimpleQueue[int]") -> int:
    count = 0
    while True:
        try:
            acks.get_nowait()
        except queue.Empty:
            return count
        count += 1
