"""Many messages a second over MQTT at little cost: for benches and simulators, which must not be the bottleneck.

`runtime.bus` carries what services say; this only publishes, QoS 1, from one thread over several connections.
"""

import selectors
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

from runtime.publisher_link import AT_ONCE, Count, Link, PublishError
from runtime.settings import BrokerSettings

__all__ = ["Count", "Outgoing", "PublishError", "Publisher"]
TICK_S = 0.004
"""the links are tended so often: seldom enough that many messages share a system call"""
TELL_S = 0.2


class Outgoing(NamedTuple):
    """A message and when it is due, in seconds after the run's beginning (0 or less: at once)."""

    due: float
    topic: bytes
    payload: bytes


class Publisher:
    """Publishes at QoS 1 over several connections. Messages of one topic keep their order.

    At most `window` messages of a connection wait for their acknowledgement. A connection that breaks is made anew,
    and what was not acknowledged is sent again (the broker may then deliver it twice). PublishError is raised when the
    broker refuses the connection, or neither takes it nor acknowledges for `patience_s`. With `again_s` a message that
    nobody heard (0x10) goes out again after so many seconds, as an edge does it.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        connections: int = 4,
        *,
        window: int = 2000,
        tls: ssl.SSLContext | None = None,
        patience_s: float = 30.0,
        again_s: float | None = None,
    ) -> None:
        if tls is None and settings.tls_ca is not None:
            tls = ssl.create_default_context(cafile=str(settings.tls_ca))
        self._links = [
            Link(settings, window=window, tls=tls, patience_s=patience_s, again_s=again_s) for _ in range(connections)
        ]
        self._routes: dict[bytes, Link] = {}
        self.late = 0.0
        """by how many seconds a message was handed to its connection later than it was due, at most"""

    @property
    def count(self) -> Count:
        """What has become of the messages so far."""
        counts = [link.count for link in self._links]
        reasons: dict[int, int] = {}
        for count in counts:
            for reason, times in count.refused.items():
                reasons[reason] = reasons.get(reason, 0) + times
        return Count(
            sum(count.sent for count in counts),
            sum(count.accepted for count in counts),
            sum(count.unheard for count in counts),
            reasons,
            sum(count.resent for count in counts),
        )

    def run(
        self,
        messages: Iterable[Outgoing | tuple[float, bytes, bytes] | None],
        *,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[Count], None] = lambda count: None,
    ) -> Count:
        """Publishes all messages (or until `stop`) and returns when the last one taken has been acknowledged.

        `messages` is drawn from as they are due, in order, and never far ahead of what the broker takes; a None in it
        means "nothing right now, ask again". `tell` hears of the progress five times a second. Raises PublishError.
        """
        with selectors.DefaultSelector() as selector:
            try:
                for link in self._links:
                    link.open(selector)
                self._loop(selector, iter(messages), stop, tell)
                return self.count
            finally:
                for link in self._links:
                    link.close(selector)

    def _loop(
        self,
        selector: selectors.BaseSelector,
        messages: Iterator[Outgoing | tuple[float, bytes, bytes] | None],
        stop: Callable[[], bool],
        tell: Callable[[Count], None],
    ) -> None:
        began = told = time.monotonic()
        held: Outgoing | tuple[float, bytes, bytes] | None = None
        more = True
        while True:
            now = time.monotonic()
            if more:
                held, more = self._take(messages, held, now - began)
                more = more and not stop()
            for link in self._links:
                link.tend(selector, now)
            if now - told >= TELL_S:
                told = now
                tell(self.count)
            if not more and not any(link.busy for link in self._links):
                break
            time.sleep(TICK_S)
            for key, _ in selector.select(0):
                key.data.receive(selector)
        tell(self.count)

    def _take(
        self,
        messages: Iterator[Outgoing | tuple[float, bytes, bytes] | None],
        held: Outgoing | tuple[float, bytes, bytes] | None,
        now: float,
    ) -> tuple[Outgoing | tuple[float, bytes, bytes] | None, bool]:
        """Hands what is due to the links, until one has enough. Returns the message in hand, and whether more come."""
        routes, links = self._routes, self._links
        for link in links:
            if link.full:
                return held, True
        # A look at the clock, and at how full the links are, once in so many messages.
        for _ in range(AT_ONCE):
            if held is None:
                try:
                    held = next(messages)
                except StopIteration:
                    return None, False
                if held is None:
                    return None, True
            due, topic, payload = held
            if due > now:
                return held, True
            route = routes.get(topic)
            if route is None:
                route = routes[topic] = links[crc32(topic) % len(links)]
            route.waiting.append((topic, payload))
            if due > 0 and now - due > self.late:
                self.late = now - due
            held = None
        return held, True
