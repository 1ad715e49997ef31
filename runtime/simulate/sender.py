"""Several connections that publish at QoS 1 and count what the broker has taken."""

import queue
import threading
import time
from zlib import crc32

from runtime.bus import Bus
from runtime.settings import BrokerSettings

CONNECT_S = 10.0


class SendError(RuntimeError):
    """The broker is not there; the text says where it was looked for."""


class Sender:
    """One site always speaks over the same connection, so that its messages stay in order."""

    def __init__(self, settings: BrokerSettings, name: str, connections: int) -> None:
        self.buses = [Bus(settings, f"{name}-{number}") for number in range(connections)]
        self.where = f"{settings.host}:{settings.port}"
        self.sent = 0
        """handed to a connection"""
        self.taken = 0
        """acknowledged by the broker, by those that nobody listens to as well"""
        self.unheard = 0

    def start(self) -> None:
        """Raises SendError when the broker does not answer."""
        for bus in self.buses:
            bus.start()
        end = time.monotonic() + CONNECT_S
        while not all(bus.connected for bus in self.buses):
            if time.monotonic() > end:
                self.stop()
                raise SendError(f"broker {self.where} does not answer; is it running? see [broker]")
            time.sleep(0.02)

    def send(self, site: str, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """False where there is no connection just now: nothing was sent."""
        bus = self.buses[crc32(site.encode()) % len(self.buses)]
        if bus.publish(topic, payload, retain=retain) is None:
            return False
        self.sent += 1
        return True

    def collect(self) -> int:
        """Takes in acknowledgements; returns how many messages still wait for theirs."""
        for bus in self.buses:
            self.taken += _emptied(bus.acks)
            lost = _emptied(bus.unheard)
            self.taken, self.unheard = self.taken + lost, self.unheard + lost
        return self.sent - self.taken

    def drain(self, seconds: float, stop: threading.Event | None = None) -> int:
        """Waits until the broker has everything; returns what it has not after so many seconds."""
        end = time.monotonic() + seconds
        while (waiting := self.collect()) and time.monotonic() < end and not (stop and stop.is_set()):
            time.sleep(0.02)
        return waiting

    def stop(self) -> None:
        for bus in self.buses:
            bus.stop()


def _emptied(acks: "queue.SimpleQueue[int]") -> int:
    count = 0
    while True:
        try:
            acks.get_nowait()
        except queue.Empty:
            return count
        count += 1
