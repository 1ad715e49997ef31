"""The light publisher against a real mosquitto: everything arrives, in order, and every count is right."""

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest

from runtime.bus import Bus, Incoming
from runtime.publisher import Outgoing, Publisher, PublishError
from runtime.settings import BrokerSettings
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port
from runtime.stack.process import Process


def numbered(count: int, topics: int = 7, pause_s: float = 0.0) -> Iterator[Outgoing]:
    for number in range(count):
        yield Outgoing(number * pause_s, f"t/{number % topics}".encode(), str(number).encode())


@pytest.fixture
def received(broker: BrokerSettings) -> Iterator["queue.Queue[Incoming]"]:
    got: queue.Queue[Incoming] = queue.Queue()
    bus = Bus(broker, "test-in", subscriptions=["t/#"], on_message=got.put, session_expiry_s=3600)
    bus.start()
    until_connected(bus)
    time.sleep(0.3)  # the subscription follows the connection
    yield got
    bus.stop()


def until_connected(bus: Bus) -> None:
    end = time.monotonic() + 20
    while not bus.connected:
        assert time.monotonic() < end
        time.sleep(0.02)


def numbers(got: "queue.Queue[Incoming]", count: int) -> dict[str, list[int]]:
    """What came, by topic, until `count` different ones have come."""
    found: dict[str, list[int]] = defaultdict(list)
    different: set[int] = set()
    while len(different) < count:
        message = got.get(timeout=20)
        found[message.topic].append(int(message.payload))
        different.add(int(message.payload))
    return found


@pytest.mark.parametrize(("connections", "window"), [(1, 5), (3, 500)])
def test_all_arrive_in_order(
    broker: BrokerSettings, received: "queue.Queue[Incoming]", connections: int, window: int
) -> None:
    told: list[int] = []
    publisher = Publisher(broker, connections, window=window)
    count = publisher.run(numbered(3000), tell=lambda count: told.append(count.accepted))
    assert (count.sent, count.accepted, count.unheard, count.refused, count.resent) == (3000, 3000, 0, {}, 0)
    assert told[-1] == 3000
    found = numbers(received, 3000)
    assert all(came == sorted(came) for came in found.values()) and len(found) == 7


def test_nothing_goes_out_before_it_is_due(broker: BrokerSettings, received: "queue.Queue[Incoming]") -> None:
    began = time.monotonic()
    publisher = Publisher(broker, 1)
    assert publisher.run(numbered(50, pause_s=0.02)).accepted == 50
    assert time.monotonic() - began >= 49 * 0.02
    assert numbers(received, 50)


def test_a_source_may_have_nothing_right_now_and_be_stopped(broker: BrokerSettings) -> None:
    stop = threading.Event()

    def source() -> Iterator[Outgoing | None]:
        yield Outgoing(0, b"t/1", b"1")
        yield None
        yield Outgoing(0, b"t/1", b"2")
        stop.set()
        while True:
            yield None

    assert Publisher(broker, 2).run(source(), stop=stop.is_set).sent == 2


def test_what_nobody_hears_is_counted_apart(broker: BrokerSettings) -> None:
    count = Publisher(broker, 2).run(numbered(100))
    assert (count.sent, count.accepted, count.unheard) == (100, 0, 100)


def test_what_nobody_hears_goes_out_again_where_that_is_wanted(broker: BrokerSettings) -> None:
    heard: queue.Queue[Incoming] = queue.Queue()
    late = Bus(broker, "late", subscriptions=["t/#"], on_message=heard.put)
    publisher = Publisher(broker, 2, again_s=0.2)
    listening = threading.Timer(0.5, late.start)
    listening.start()
    count = publisher.run(numbered(100))
    assert count.accepted == 100
    assert count.unheard >= 100
    numbers(heard, 100)
    late.stop()


def test_what_the_broker_refuses_is_counted_by_reason(broker_process: Broker) -> None:
    broker_process.process.stop()
    rules = broker_process.folder / "acl"
    rules.write_text("topic read #\ntopic write t/1\n", "utf-8")
    config = broker_process.folder / "mosquitto.conf"
    config.write_text(config.read_text("utf-8") + f"acl_file {rules}\n", "utf-8")
    broker_process.process.start()
    # The broker answers slowly after a start; the publisher asks once.
    end = time.monotonic() + 10
    while True:
        try:
            count = Publisher(broker_process.settings, 1).run(numbered(100, topics=2))
            break
        except PublishError:
            assert time.monotonic() < end
            time.sleep(0.1)
    assert (count.sent, count.accepted + count.unheard, count.refused) == (100, 50, {0x87: 50})


def test_a_broker_killed_in_the_middle_loses_nothing(broker_process: Broker, received: "queue.Queue[Incoming]") -> None:
    broker, total = broker_process.settings, 2000
    publisher = Publisher(broker, 2, window=50)

    def kill() -> None:
        while publisher.count.accepted < 300:
            time.sleep(0.01)
        # Ended in order, so that the broker keeps what it has acknowledged.
        broker_process.process.stop()
        broker_process.start()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    count = publisher.run(numbered(total, pause_s=0.001))
    killer.join(20)
    # A listener that is not back yet is known to a broker that kept its session.
    assert (count.sent, count.accepted, count.unheard, count.refused) == (total, total, 0, {})
    found = numbers(received, total)
    assert {number for came in found.values() for number in came} == set(range(total))


def test_a_broker_that_stays_away_is_one_clear_error(broker_process: Broker) -> None:
    broker_process.process.stop()
    where = f"broker 127.0.0.1:{broker_process.port} cannot be reached"
    with pytest.raises(PublishError, match=where):
        Publisher(broker_process.settings, 1).run(numbered(1))


def test_a_broker_that_goes_for_good_ends_the_patience(broker_process: Broker) -> None:
    publisher = Publisher(broker_process.settings, 1, patience_s=1.0)

    def kill() -> None:
        while publisher.count.sent < 10:
            time.sleep(0.01)
        broker_process.process.kill()

    threading.Thread(target=kill, daemon=True).start()
    with pytest.raises(PublishError, match="cannot be reached"):
        publisher.run(numbered(100_000, pause_s=0.001))


def test_a_broker_that_hangs_ends_the_patience(broker_process: Broker) -> None:
    publisher = Publisher(broker_process.settings, 1, patience_s=1.0)
    child = broker_process.process.child
    assert child is not None

    def hang() -> None:
        while publisher.count.sent < 10:
            time.sleep(0.01)
        child.send_signal(19)

    threading.Thread(target=hang, daemon=True).start()
    try:
        with pytest.raises(PublishError, match="no acknowledgement for 1 s"):
            publisher.run(numbered(100_000, pause_s=0.001))
    finally:
        child.send_signal(18)


def test_a_refusal_names_its_code(broker_process: Broker) -> None:
    broker_process.process.stop()
    config = broker_process.folder / "mosquitto.conf"
    closed = config.read_text("utf-8").replace("allow_anonymous true", "allow_anonymous false")
    other = config.with_name("closed.conf")
    port = free_port()
    other.write_text(closed.replace(f"listener {broker_process.port}", f"listener {port}"), "utf-8")
    assert broker_process.real is not None
    process = Process("closed", [broker_process.real, "-c", str(other)], broker_process.folder / "closed.log")
    process.start()
    try:
        end = time.monotonic() + 10
        text = ""
        while "refuses" not in text:
            assert time.monotonic() < end, text
            try:
                Publisher(BrokerSettings(port=port), 1).run(numbered(1))
            except PublishError as error:
                text = str(error)
        assert "code 135 (0x87)" in text
    finally:
        process.stop()
