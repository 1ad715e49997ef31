"""PURE: the few MQTT packets that a publisher needs, as bytes (MQTT 5, and 3.1.1 for the trial broker)."""

from typing import NamedTuple

CONNACK, PUBACK, PINGRESP, DISCONNECT = 0x20, 0x40, 0xD0, 0xE0
PINGREQ = b"\xc0\x00"
GOODBYE = b"\xe0\x00"
PUBLISH_QOS1 = 0x32
DUP = 0x08
NO_SUBSCRIBERS = 0x10
MOST_IN_FLIGHT = 65535
_RECEIVE_MAXIMUM = 0x21
_SESSION_EXPIRY = 0x11
# How long each property of a CONNACK is: a number of bytes, or "text" and "pair" with lengths of their own.
_PROPERTY_SIZES: dict[int, int | str] = {
    0x11: 4,
    0x12: "text",
    0x13: 2,
    0x15: "text",
    0x16: "text",
    0x1A: "text",
    0x1C: "text",
    0x1F: "text",
    0x21: 2,
    0x22: 2,
    0x24: 1,
    0x25: 1,
    0x26: "pair",
    0x27: 4,
    0x28: 1,
    0x29: 1,
    0x2A: 1,
}


class PacketError(ValueError):
    """Bytes that are no packet we know; the text says what was expected."""


class Packet(NamedTuple):
    kind: int
    body: bytes
    end: int
    """where the next packet begins"""


class Welcome(NamedTuple):
    """What a broker answers to CONNECT: 0 or the reason why not, and how many messages may be in flight."""

    reason: int
    receive_maximum: int


def varint(number: int) -> bytes:
    """A length as MQTT writes it, 7 bits a byte. Raises PacketError above 268,435,455."""
    if not 0 <= number < 1 << 28:
        raise PacketError(f"length: {number}, expected 0 to 268435455")
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)


def text(value: bytes) -> bytes:
    """A string with its length before it. Raises PacketError above 65,535 bytes."""
    if len(value) > 0xFFFF:
        raise PacketError(f"string: {len(value)} bytes, expected at most 65535")
    return len(value).to_bytes(2, "big") + value


def connect(
    client_id: str, *, modern: bool, clean: bool, keepalive_s: int, session_s: int, login: tuple[str, str | None] | None
) -> bytes:
    """CONNECT. `login` is user name and password; `session_s` how long the broker keeps the session (MQTT 5)."""
    flags = 0x02 if clean else 0x00
    content = text(client_id.encode())
    if login is not None:
        flags |= 0x80
        content += text(login[0].encode())
        if login[1] is not None:
            flags |= 0x40
            content += text(login[1].encode())
    properties = b"\x05" + bytes([_SESSION_EXPIRY]) + session_s.to_bytes(4, "big") if modern else b""
    head = text(b"MQTT") + bytes([5 if modern else 4, flags]) + keepalive_s.to_bytes(2, "big")
    body = head + properties + content
    return b"\x10" + varint(len(body)) + body


def publish_start(topic_size: int, payload_size: int, *, modern: bool) -> bytes:
    """How a PUBLISH at QoS 1 begins; then come `text(topic)`, the packet id, `publish_gap` and the payload."""
    return bytes([PUBLISH_QOS1]) + varint(2 + topic_size + 2 + len(publish_gap(modern)) + payload_size)


def publish_gap(modern: bool) -> bytes:
    """Between packet id and payload: the length of no properties, which MQTT 3.1.1 does not have."""
    return b"\x00" if modern else b""


def packet(buffer: bytes, at: int = 0) -> Packet | None:
    """The packet that begins at `at`; None when it is not there as a whole yet. Raises PacketError."""
    size, shift, place = 0, 0, at + 1
    while True:
        if place >= len(buffer):
            return None
        byte = buffer[place]
        size |= (byte & 0x7F) << shift
        shift, place = shift + 7, place + 1
        if not byte & 0x80:
            break
        if shift > 21:
            raise PacketError("length: more than 4 bytes, expected an MQTT packet")
    end = place + size
    return None if end > len(buffer) else Packet(buffer[at] & 0xF0, buffer[place:end], end)


def welcome(body: bytes, *, modern: bool) -> Welcome:
    """Reads the body of a CONNACK. Raises PacketError."""
    try:
        reason = body[1]
        if not modern or len(body) < 3:
            return Welcome(reason, MOST_IN_FLIGHT)
        return Welcome(reason, _properties(body, 2).get(_RECEIVE_MAXIMUM, MOST_IN_FLIGHT))
    except (IndexError, KeyError) as error:
        raise PacketError(f"CONNACK: {body.hex()}, expected MQTT 5 properties") from error


def _properties(body: bytes, at: int) -> dict[int, int]:
    """The properties that are numbers."""
    length = packet(b"\x00" + body[at:])
    if length is None:
        raise IndexError
    content, place, found = length.body, 0, {}
    while place < len(content):
        name, size = content[place], _PROPERTY_SIZES[content[place]]
        place += 1
        if isinstance(size, int):
            found[name] = int.from_bytes(content[place : place + size], "big")
            place += size
        else:
            for _ in range(2 if size == "pair" else 1):
                place += 2 + int.from_bytes(content[place : place + 2], "big")
    return found
