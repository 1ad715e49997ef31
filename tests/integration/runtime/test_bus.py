"""The bus against a real mosquitto: nothing un-acknowledged is lost, outages heal."""

import queue
import socket
import time

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from runtime.bus import NOT_AUTHORISED, Bus, Incoming
from runtime.mqtt_loop import without_properties
from runtime.settings import BrokerSettings
from runtime.stack.broker import Broker


def wait_until(bus: Bus, connected: bool = True) -> None:
    end = time.monotonic() + 20
    while bus.connected is not connected and time.monotonic() < end:
        time.sleep(0.02)
    assert bus.connected is connected


def receiver(settings: BrokerSettings, got: "queue.Queue[Incoming]") -> Bus:
    bus = Bus(settings, "test-in", subscriptions=["t/#"], on_message=got.put, manual_ack=True, session_expiry_s=3600)
    bus.start()
    wait_until(bus)
    return bus


def test_what_was_not_acknowledged_comes_again(broker: BrokerSettings) -> None:
    got: queue.Queue[Incoming] = queue.Queue()
    first = receiver(broker, got)
    sender = Bus(broker, "test-out")
    assert sender.publish("t/1", b"early") is None
    sender.start()
    wait_until(sender)
    mids = {sender.publish(f"t/{number}", b"x") for number in range(3)}
    assert {sender.acks.get(timeout=10) for _ in range(3)} == mids
    messages = [got.get(timeout=10) for _ in range(3)]
    first.ack(messages[0])
    first.stop()

    again = receiver(broker, got)
    topics = {got.get(timeout=10).topic for _ in range(2)}
    assert topics == {"t/1", "t/2"}
    again.stop()
    sender.stop()


def test_a_broker_that_restarts_is_found_again(broker_process: Broker) -> None:
    got: queue.Queue[Incoming] = queue.Queue()
    listening = receiver(broker_process.settings, got)
    sender = Bus(broker_process.settings, "test-out")
    sender.start()
    wait_until(sender)
    broker_process.process.kill()
    wait_until(sender, connected=False)
    assert sender.publish("t/1", b"lost") is None
    broker_process.start()
    wait_until(sender)
    wait_until(listening)
    assert sender.publish("t/2", b"back") is not None
    assert got.get(timeout=10).payload == b"back"
    listening.stop()
    sender.stop()


def test_a_handler_that_fails_on_one_message_gets_the_next(
    broker: BrokerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    got: queue.Queue[Incoming] = queue.Queue()

    def handle(incoming: Incoming) -> None:
        if incoming.payload == b"poison":
            raise ValueError("cannot be handled")
        got.put(incoming)

    listening = Bus(broker, "test-in", subscriptions=["t/#"], on_message=handle)
    listening.start()
    sender = Bus(broker, "test-out")
    sender.start()
    wait_until(listening)
    wait_until(sender)
    time.sleep(0.3)
    for payload in (b"poison", b"fine"):
        assert sender.publish("t/1", payload) is not None
    assert got.get(timeout=10).payload == b"fine"
    assert "cannot be handled" in caplog.text
    listening.stop()
    sender.stop()


def test_a_topic_that_may_not_be_heard_is_told(broker: BrokerSettings, caplog: pytest.LogCaptureFixture) -> None:
    """Other brokers than mosquitto refuse it; a service that hears nothing must not look well."""
    bus = Bus(broker, "deaf", subscriptions=["a/#", "b/#"])
    bus._asked = ["a/#", "b/#"]
    granted, refused = (ReasonCode(PacketTypes.SUBACK, identifier=code) for code in (1, NOT_AUTHORISED))
    bus._subscribed(bus._client, None, 1, [granted, refused], None)
    assert "lets deaf not hear b/#: Not authorized" in caplog.text and "a/#" not in caplog.text


def test_a_property_that_the_library_cannot_read_stops_nothing(broker: BrokerSettings) -> None:
    """The broker passes U+FEFF on in a user property; the session would deliver the message again, for ever."""
    got: queue.Queue[Incoming] = queue.Queue()
    listening = receiver(broker, got)
    name = "\ufeff".encode()
    user_property = b"\x26" + len(name).to_bytes(2) + name + b"\x00\x01v"
    with socket.create_connection((broker.host, broker.port), timeout=10) as raw:
        raw.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03bad")
        assert raw.recv(100)[0] == 0x20
        for number, properties in enumerate((b"", user_property, b""), 1):
            body = b"\x00\x03t/1" + number.to_bytes(2) + bytes([len(properties)]) + properties + b"m%d" % number
            raw.sendall(b"\x32" + bytes([len(body)]) + body)
        messages = [got.get(timeout=10) for _ in range(3)]
    assert [message.payload for message in messages] == [b"m1", b"m2", b"m3"]
    for message in messages:
        listening.ack(message)
    listening.stop()


@pytest.mark.parametrize("block", [b"", b"\x01\x01", b"\x26\x00\x01a\x00\x01b", b"\x01\x00" * 100])
def test_only_the_properties_are_taken_out(block: bytes) -> None:
    length = bytes([len(block)]) if len(block) < 128 else bytes([len(block) & 0x7F | 0x80, len(block) >> 7])
    head = b"\x00\x03t/1\x00\x07"
    assert without_properties(0x32, head + length + block + b"payload") == head + b"\x00payload"
    assert without_properties(0x30, head[:5] + length + block + b"payload") == head[:5] + b"\x00payload"


def test_a_lost_connection_is_known_at_once(broker: BrokerSettings) -> None:
    first, second = (Bus(broker, "the-same", session_expiry_s=60) for _ in range(2))
    first.start()
    wait_until(first)
    second.start()
    wait_until(first, connected=False)
    first.stop()
    second.stop()
