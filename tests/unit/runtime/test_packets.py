"""The publisher's packets, against a client that many use."""

import io

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

from runtime import packets
from runtime.packets import PacketError, Welcome


@given(st.integers(0, (1 << 28) - 1))
def test_lengths_are_written_as_others_write_them(number: int) -> None:
    assert packets.varint(number) == VariableByteIntegers.encode(number)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("number", [-1, 1 << 28])
def test_a_length_that_mqtt_cannot_write(number: int) -> None:
    with pytest.raises(PacketError, match="expected 0 to 268435455"):
        packets.varint(number)


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 2000))
def test_packets_are_read_one_after_the_other_and_never_half(bodies: list[bytes], cut: int) -> None:
    whole = b"".join(b"\x40" + packets.varint(len(body)) + body for body in bodies)
    buffer, at, found = whole[:cut], 0, []
    while at < len(buffer) and (packet := packets.packet(buffer, at)) is not None:
        found.append(packet.body)
        at = packet.end
    assert found == bodies[: len(found)]
    assert at == len(buffer) or len(found) < len(bodies)


def test_a_length_without_an_end_is_no_packet() -> None:
    with pytest.raises(PacketError, match="more than 4 bytes"):
        packets.packet(b"\x40\xff\xff\xff\xff\x01")


@pytest.mark.parametrize("modern", [True, False])
@given(topic=st.text(min_size=1, max_size=60), payload=st.binary(max_size=300), number=st.integers(1, 65535))
def test_a_publish_is_read_back(modern: bool, topic: str, payload: bytes, number: int) -> None:
    try:
        name = topic.encode()
    except UnicodeEncodeError:
        return
    start = packets.publish_start(len(name), len(payload), modern=modern)
    sent = start + packets.text(name) + number.to_bytes(2, "big") + packets.publish_gap(modern) + payload
    packet = packets.packet(sent)
    assert packet is not None and packet.end == len(sent) and sent[0] == packets.PUBLISH_QOS1
    body = io.BytesIO(packet.body)
    size = int.from_bytes(body.read(2), "big")
    assert body.read(size) == name
    assert int.from_bytes(body.read(2), "big") == number
    assert body.read(int(modern)) == (b"\0" if modern else b"")
    assert body.read() == payload


def test_the_window_that_a_broker_grants() -> None:
    properties = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
    properties.AssignedClientIdentifier = "a-name"
    properties.UserProperty = ("who", "broker")
    properties.ReceiveMaximum = 20
    properties.TopicAliasMaximum = 10
    body = b"\0\0" + properties.pack()  # type: ignore[no-untyped-call]
    assert packets.welcome(body, modern=True) == Welcome(0, 20)
    assert packets.welcome(b"\0\0\0", modern=True) == Welcome(0, 65535)
    assert packets.welcome(b"\0\x05", modern=False) == Welcome(5, 65535)
    assert mqtt.MQTTv5 == 5


@pytest.mark.parametrize("body", [b"", b"\0\0\x02\x99\x01", b"\0\0\x09\x21"])
def test_a_welcome_that_is_none(body: bytes) -> None:
    with pytest.raises(PacketError, match="CONNACK"):
        packets.welcome(body, modern=True)
