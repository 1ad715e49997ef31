"""One connection of a publisher: a bounded window of messages in flight, resent after a break."""

import selectors
import socket
import ssl
import time
from collections import deque
from typing import NamedTuple
from uuid import uuid4

from runtime import packets
from runtime.packets import PacketError
from runtime.settings import BrokerSettings

KEEPALIVE_S = 30
SESSION_S = 60
AT_ONCE = 512
"""messages that may wait for room in the window"""
CHUNK = 256 * 1024
"""bytes that are handed to the socket at once, and read at once"""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
_IDS = [number.to_bytes(2, "big") for number in range(packets.MOST_IN_FLIGHT + 1)]


class PublishError(RuntimeError):
    """The broker refuses or stays away; the text says which broker and why."""


class Count(NamedTuple):
    """What has become of messages. `refused`: reason codes of MQTT 5 (128 and above) and how often each came."""

    sent: int
    accepted: int
    unheard: int
    """acknowledged, but no session listens there: the message is gone, or goes out again where that was asked for"""
    refused: dict[int, int]
    resent: int


class Link:
    """One connection. `waiting` takes (topic, payload); `tend` and `receive` do the rest."""

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        window: int,
        tls: ssl.SSLContext | None,
        patience_s: float,
        again_s: float | None = None,
    ) -> None:
        self.settings, self.tls, self.patience_s = settings, tls, patience_s
        self.window = self._wanted = min(window, packets.MOST_IN_FLIGHT)
        self.waiting: deque[tuple[bytes, bytes]] = deque()
        self.again_s = again_s
        self._kept: deque[tuple[float, tuple[bytes, bytes]]] = deque()
        """that nobody heard, and when they go out again"""
        self._modern = settings.protocol == 5
        self._gap = packets.publish_gap(self._modern)
        self._client_id = f"sunlit-publisher-{uuid4().hex[:12]}"
        self._socket: socket.socket | None = None
        self._in_flight: dict[int, tuple[bytes, bytes]] = {}
        self._starts: dict[tuple[int, int], bytes] = {}
        self._names: dict[bytes, bytes] = {}
        self._id = 0
        self._out = b""
        self._in = b""
        self._sent = self._accepted = self._unheard = self._resent = 0
        self._refused: dict[int, int] = {}
        self._pause, self._again_at = FIRST_PAUSE_S, 0.0
        self._heard_at = self._spoke_at = time.monotonic()

    @property
    def count(self) -> Count:
        return Count(self._sent, self._accepted, self._unheard, dict(self._refused), self._resent)

    @property
    def full(self) -> bool:
        return len(self.waiting) >= AT_ONCE

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self._in_flight or self._out or self._kept)

    def open(self, selector: selectors.BaseSelector, *, again: bool = False) -> None:
        """Connects. Raises PublishError when the broker refuses or cannot be reached."""
        address = f"{self.settings.host}:{self.settings.port}"
        try:
            self._socket = self._handshake(again)
        except (OSError, PacketError) as error:
            raise PublishError(f"broker {address} cannot be reached: {error}") from error
        self._socket.setblocking(False)
        selector.register(self._socket, selectors.EVENT_READ, self)
        self._in = self._out = b""
        self._heard_at = self._spoke_at = time.monotonic()

    def close(self, selector: selectors.BaseSelector) -> None:
        """Says good-bye where that is still possible."""
        if self._socket is None:
            return
        selector.unregister(self._socket)
        try:
            if not self._out:
                self._socket.send(packets.GOODBYE)
        except OSError:
            # It is gone already.
            pass
        finally:
            self._socket.close()
            self._socket = None

    def tend(self, selector: selectors.BaseSelector, now: float) -> None:
        """Connects anew where that is due, fills the window and writes what the socket takes. Raises PublishError."""
        if self._socket is None:
            if now >= self._again_at:
                self._reopen(selector, now)
            return
        if self._in_flight and now - self._heard_at > self.patience_s:
            raise PublishError(
                f"broker {self.settings.host}:{self.settings.port}: no acknowledgement for {self.patience_s:g} s,"
                f" {len(self._in_flight)} messages in flight"
            )
        if now - self._spoke_at > KEEPALIVE_S / 2 and not self._out:
            self._out = packets.PINGREQ
        while self._kept and self._kept[0][0] <= now:
            self.waiting.append(self._kept.popleft()[1])
        if self.waiting and len(self._out) < CHUNK:
            self._fill()
        if self._out:
            self._write(selector, now)

    def receive(self, selector: selectors.BaseSelector) -> None:
        """Reads all acknowledgements that have come."""
        assert self._socket is not None
        try:
            while True:
                data = self._socket.recv(CHUNK)
                if not data:
                    self._broken(selector)
                    return
                self._heard_at = time.monotonic()
                if self._read(self._in + data):
                    self._broken(selector)
                    return
                # Another look would find nothing and cost as much; under TLS only that look can tell.
                if len(data) < CHUNK and self.tls is None:
                    return
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except (OSError, PacketError):
            self._broken(selector)

    def _handshake(self, again: bool) -> socket.socket:
        made = socket.create_connection((self.settings.host, self.settings.port), timeout=5)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                made = self.tls.wrap_socket(made, server_hostname=self.settings.host)
            secret = self.settings.password
            login = (
                (self.settings.username, secret.get_secret_value() if secret else None)
                if self.settings.username is not None
                else None
            )
            made.sendall(
                packets.connect(
                    self._client_id,
                    modern=self._modern,
                    clean=not (again and self._modern),
                    keepalive_s=KEEPALIVE_S,
                    session_s=SESSION_S,
                    login=login,
                )
            )
            got = b""
            while (answer := packets.packet(got)) is None:
                data = made.recv(1024)
                if not data:
                    raise ConnectionError("it closes the connection")
                got += data
            if answer.kind != packets.CONNACK:
                raise PacketError(f"answer: packet {answer.kind:#x}, expected CONNACK")
            said = packets.welcome(answer.body, modern=self._modern)
            if said.reason:
                raise ConnectionError(f"it refuses with code {said.reason} ({said.reason:#04x}); check [broker]")
            self.window = min(self._wanted, said.receive_maximum)
        except BaseException:
            made.close()
            raise
        return made

    def _reopen(self, selector: selectors.BaseSelector, now: float) -> None:
        try:
            self.open(selector, again=True)
        except PublishError:
            if now - self._heard_at > self.patience_s:
                raise
            self._again_at = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            return
        self._pause = FIRST_PAUSE_S
        parts: list[bytes] = []
        for number, (topic, payload) in self._in_flight.items():
            start, name = self._pieces(topic, payload)
            parts += (bytes([start[0] | packets.DUP]), start[1:], name, _IDS[number], self._gap, payload)
        self._resent += len(self._in_flight)
        self._out = b"".join(parts)

    def _broken(self, selector: selectors.BaseSelector) -> None:
        assert self._socket is not None
        selector.unregister(self._socket)
        self._socket.close()
        self._socket = None
        self._in = self._out = b""
        self._again_at = time.monotonic() + self._pause

    def _pieces(self, topic: bytes, payload: bytes) -> tuple[bytes, bytes]:
        """What stands before the packet id; kept, because a city has few sizes and its topics come again."""
        size = (len(topic), len(payload))
        start = self._starts.get(size)
        if start is None:
            start = self._starts[size] = packets.publish_start(*size, modern=self._modern)
        name = self._names.get(topic)
        if name is None:
            name = self._names[topic] = packets.text(topic)
        return start, name

    def _fill(self) -> None:
        """Moves what waits into the window, as bytes to be sent."""
        in_flight, number, pieces = self._in_flight, self._id, self._pieces
        parts = [self._out]
        room = max(0, min(self.window - len(in_flight), len(self.waiting)))
        for _ in range(room):
            topic, payload = message = self.waiting.popleft()
            number = number % packets.MOST_IN_FLIGHT + 1
            while number in in_flight:
                number = number % packets.MOST_IN_FLIGHT + 1
            in_flight[number] = message
            parts += (*pieces(topic, payload), _IDS[number], self._gap, payload)
        self._id = number
        self._sent += room
        self._out = b"".join(parts)

    def _write(self, selector: selectors.BaseSelector, now: float) -> None:
        assert self._socket is not None
        try:
            written = self._socket.send(self._out[:CHUNK] if len(self._out) > CHUNK else self._out)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._broken(selector)
            return
        self._spoke_at = now
        self._out = self._out[written:]

    def _read(self, buffer: bytes) -> bool:
        """Counts the acknowledgements in the buffer; True when the broker says good-bye. Raises PacketError."""
        at, end, plain = 0, len(buffer), 0
        forget = self._in_flight.pop
        while True:
            # Nearly all packets are these four bytes: taken without a call.
            while end - at >= 4 and buffer[at] == packets.PUBACK and buffer[at + 1] == 2:
                if forget(buffer[at + 2] << 8 | buffer[at + 3], None) is not None:
                    plain += 1
                at += 4
            found = packets.packet(buffer, at) if at < end else None
            if found is None:
                break
            at = found.end
            if found.kind == packets.PUBACK:
                self._acknowledged(found.body)
            elif found.kind == packets.DISCONNECT:
                self._accepted += plain
                return True
        self._accepted += plain
        self._in = buffer[at:]
        return False

    def _acknowledged(self, body: bytes) -> None:
        """An acknowledgement with a reason, perhaps a bad one."""
        if len(body) < 2:
            raise PacketError(f"PUBACK: {body.hex()}, expected a packet id")
        message = self._in_flight.pop(int.from_bytes(body[:2], "big"), None)
        if message is None:
            return
        reason = body[2] if len(body) > 2 else 0
        if reason == packets.NO_SUBSCRIBERS:
            self._unheard += 1
            if self.again_s is not None:
                self._kept.append((time.monotonic() + self.again_s, message))
        elif reason >= 0x80:
            self._refused[reason] = self._refused.get(reason, 0) + 1
        else:
            self._accepted += 1
