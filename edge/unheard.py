"""PURE: what the broker took for nobody is tried again, one message at a time; `now` is a steady clock's seconds.

While the centre does not listen, a city's agents would else send their whole windows in vain, every second.
"""

from edge.priority import Priority

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = {Priority.ALARM: 1.0, Priority.EVENT: 5.0, Priority.TELEMETRY: 30.0}


class Unheard:
    def __init__(self) -> None:
        self._pause: dict[Priority, float] = {}
        self._until: dict[Priority, float] = {}

    def room(self, level: Priority, room: int, now: float) -> int:
        """How many of `room` may go: all while somebody listens, else one after a pause."""
        if level not in self._until:
            return room
        return min(room, 1) if now >= self._until[level] else 0

    def again(self, level: Priority, now: float) -> None:
        """Nobody listened to one. Each time in a row the next try is twice as far away, but an alarm's a second."""
        if now < self._until.get(level, now):
            # Several were under way: they are one try.
            return
        before = self._pause.get(level)
        pause = FIRST_PAUSE_S if before is None else min(2 * before, LONGEST_PAUSE_S[level])
        self._pause[level], self._until[level] = pause, now + pause

    def heard(self, level: Priority) -> None:
        """Somebody listened to one."""
        self._pause.pop(level, None)
        self._until.pop(level, None)
