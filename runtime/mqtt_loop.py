"""The network thread of an MQTT client: reads all that has come at each wake, and keeps the client connected.

The library's own thread waits anew before every packet and is woken by a byte for each one that is sent: at thousands
of messages a second that is half of the work.
"""

import contextlib
import random
import select
import socket
import threading
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

TURN_S = 1.0
"""the longest wait before keep-alives are looked at"""
READ_BYTES = 65_536
MOST_AT_ONCE = 1000
"""packets read before what is to be sent has its turn"""


class ReadAhead(mqtt.Client):
    """A client that reads what has come at once, where the library asks the system for every byte of a packet's head.

    Should the library no longer call `_sock_recv`, all works as before, only slower.
    """

    _unread = b""
    _at = 0

    @property
    def buffered(self) -> bool:
        """Whether bytes wait here that no wait on the socket would tell of."""
        return self._at < len(self._unread)

    def reconnect(self) -> MQTTErrorCode:
        self._unread, self._at = b"", 0
        return super().reconnect()

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.buffered:
            self._unread, self._at = super()._sock_recv(READ_BYTES), 0
        start, self._at = self._at, min(self._at + bufsize, len(self._unread))
        return self._unread[start : self._at]

    def _handle_publish(self) -> MQTTErrorCode:
        # The library breaks the connection off over characters in a property that brokers pass on, and the session
        # would deliver the same message again, for ever. Nobody here reads properties of messages.
        if self._protocol == MQTTProtocolVersion.MQTTv5:
            packet = without_properties(self._in_packet["command"], bytes(self._in_packet["packet"]))
            self._in_packet["packet"] = bytearray(packet)
        return super()._handle_publish()


def without_properties(header: int, packet: bytes) -> bytes:
    """The body of an MQTT 5 PUBLISH with an empty block of properties; `header` is the packet's first byte."""
    at = 2 + int.from_bytes(packet[:2]) + (2 if header & 0x06 else 0)
    length = shift = 0
    end = at
    while end < len(packet):
        byte = packet[end]
        length |= (byte & 0x7F) << shift
        shift, end = shift + 7, end + 1
        if not byte & 0x80:
            break
    return packet[:at] + b"\0" + packet[end + length :]


class MqttLoop:
    """Runs one client, which has its address by `connect_async`. Nothing happens before `start`.

    `handled` counts the packets that the client has handed over: when it stands still, all that came has been read.
    """

    def __init__(
        self,
        client: ReadAhead,
        handled: Callable[[], int],
        on_fail: Callable[[], None],
        pause_s: Callable[[int], float],
    ) -> None:
        """`pause_s` is told how many times in a row there was no connection."""
        self._client, self._handled, self._on_fail, self._pause_s = client, handled, on_fail, pause_s
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        client.on_socket_register_write = self._wake
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Sends what is left and ends; the client has been told to disconnect. Once is enough, twice does no harm."""
        if self._wake_out.fileno() < 0:
            return
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(seconds)
        if not self._thread.is_alive():
            self._client.on_socket_register_write = None
            self._wake_in.close()
            self._wake_out.close()

    def _wake(self, *_: object) -> None:
        # A full pipe has a byte in it already, and that is enough.
        with contextlib.suppress(BlockingIOError):
            self._wake_out.send(b"\0")

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._client.reconnect()
            except OSError:
                failures += 1
                self._on_fail()
            else:
                failures = 0 if self._talk() else failures + 1
            self._stopping.wait(self._pause_s(failures))

    def _talk(self) -> bool:
        """Serves one connection until it ends. Returns whether it was one: the broker had taken us."""
        good = False
        while (connection := self._client.socket()) is not None:
            good = good or self._client.is_connected()
            if self._stopping.is_set() and not self._client.want_write():
                # Told to disconnect, and everything before that has been sent.
                break
            writers = [connection] if self._client.want_write() else []
            try:
                wait_s = 0 if self._client.buffered else TURN_S
                readable, writable, _ = select.select([connection, self._wake_in], writers, [], wait_s)
            except (ValueError, OSError):
                # Closed by the client between the look and the wait.
                break
            woken = self._wake_in in readable
            if woken:
                with contextlib.suppress(BlockingIOError):
                    self._wake_in.recv(4096)
            come = connection in readable or self._client.buffered
            if come and self._read(connection) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            # Also when there is nothing to send any more: only this lets the next message wake us again.
            due = writable or woken or self._client.want_write()
            if due and self._client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            self._client.loop_misc()
        return good

    def _read(self, connection: object) -> MQTTErrorCode:
        pending: Callable[[], int] | None = getattr(connection, "pending", None)
        for _ in range(MOST_AT_ONCE):
            before = self._handled()
            code = self._client.loop_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
            # What was read ahead, or lies within TLS, no wait on the socket would tell of.
            hidden = self._client.buffered or (pending is not None and pending() > 0)
            if self._handled() == before and not hidden:
                break
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def jittered_pause(failures: int, first_s: float = 1.0, longest_s: float = 15.0) -> float:
    """Seconds to wait before the next try; chance keeps a city's agents from knocking all at once."""
    doublings = min(failures, 10)
    return min(first_s * (1 << doublings), longest_s) * random.uniform(0.5, 1.5)
