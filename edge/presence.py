"""How many people each car's camera sees: cameras write, lifts read, from threads of their own."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from edge.clock import now_utc

STALE = timedelta(seconds=10)


class PresenceBoard:
    """The counts of each camera within 10 s; what is older is not known any more."""

    def __init__(self, now: Callable[[], datetime] = now_utc) -> None:
        self._now, self._lock = now, threading.Lock()
        self._seen: dict[str, list[tuple[datetime, int]]] = {}

    def seen(self, device: str, people: int, now: datetime) -> None:
        """A camera has looked."""
        with self._lock:
            self._seen[device] = [*self._lately(device, now), (now, people)]

    def people(self, device: str) -> int | None:
        """The most of them, as a detector misses somebody now and then. None: that camera has not looked lately."""
        with self._lock:
            return max((people for _, people in self._lately(device, self._now())), default=None)

    def _lately(self, device: str, now: datetime) -> list[tuple[datetime, int]]:
        # After a step of the clock, either way, what was seen before is not recent.
        return [(at, people) for at, people in self._seen.get(device, []) if abs(now - at) <= STALE]
