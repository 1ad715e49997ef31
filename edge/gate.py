"""PURE: on which topics the broker takes messages, learnt one message at a time; `now` is a steady clock's seconds."""

from typing import NamedTuple

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 120.0
BETWEEN_TRIES_S = 5.0
"""some brokers end the connection over a refused message (mosquitto 2.0.11 does): tries must not keep it down"""


class _Shut(NamedTuple):
    until: float
    pause: float


class Gate:
    """A topic is open once a message to it was taken. Before, one at a time is tried; after a refusal, seldom."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._trying: set[str] = set()
        self._shut: dict[str, _Shut] = {}
        self._next_try = float("-inf")

    def opens(self, topic: str, now: float) -> bool:
        """Whether a message may go there now; one that goes is told by `sent`."""
        if topic in self._open:
            return True
        if topic in self._trying:
            return False
        shut = self._shut.get(topic)
        return shut is None or (now >= shut.until and now >= self._next_try)

    def closed(self, now: float) -> set[str]:
        """The topics on which nothing may go now: where one is under way, or was refused not long ago."""
        return self._trying | {topic for topic in self._shut if not self.opens(topic, now)}

    def sent(self, topic: str, now: float) -> None:
        """A message has gone there."""
        if topic not in self._open:
            self._trying.add(topic)
            if topic in self._shut:
                self._next_try = now + BETWEEN_TRIES_S

    def taken(self, topic: str) -> bool:
        """The broker has taken one. True when the topic was not open before: what had to wait may go."""
        self._trying.discard(topic)
        self._shut.pop(topic, None)
        fresh = topic not in self._open
        self._open.add(topic)
        return fresh

    def refused(self, topic: str, now: float) -> None:
        """The broker has refused one. Each time in a row the next try is twice as far away."""
        self._open.discard(topic)
        self._trying.discard(topic)
        last = self._shut.get(topic)
        # Several may have been under way: their refusals are one.
        if last is None or now >= last.until:
            pause = FIRST_PAUSE_S if last is None else min(2 * last.pause, LONGEST_PAUSE_S)
            self._shut[topic] = _Shut(now + pause, pause)

    @property
    def shut(self) -> frozenset[str]:
        """Where the broker takes nothing, as far as is known."""
        return frozenset(self._shut)

    @property
    def idle(self) -> frozenset[str]:
        """Of those, where nothing is under way either."""
        return frozenset(self._shut.keys() - self._trying)
