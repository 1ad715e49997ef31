"""The broker restarts, the database is away from the start: messages wait, memory does not grow, nothing is lost."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Telemetry, encode
from contracts.topics import topic
from ingest import consumer as consumers
from ingest.consumer import LaneConsumer, lanes
from runtime.bus import Bus
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, IngestSettings, Settings
from runtime.stack.broker import Broker

LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BATCH = 10
BOOT = UUID(int=1, version=4)


class Switch:
    """A database connection that can be taken away."""

    def __init__(self) -> None:
        self.on = True

    def connect(self, database: DatabaseSettings, role: Role) -> Connection:
        if not self.on:
            raise psycopg.OperationalError("connection refused")
        return connect(database, role)


def until(look: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Switch:
    made = Switch()
    monkeypatch.setattr(consumers, "connect", made.connect)
    monkeypatch.setattr(consumers, "LONGEST_PAUSE_S", 0.5)
    return made


@pytest.fixture
def lane(city_db: DatabaseSettings, broker_process: Broker) -> LaneConsumer:
    chosen = IngestSettings(batch=BATCH, linger_ms=5)
    return lanes(Settings(database=city_db, broker=broker_process.settings, ingest=chosen))["telemetry"]


@pytest.fixture
def start(lane: LaneConsumer) -> Iterator[Callable[[], None]]:
    stop = threading.Event()
    thread = threading.Thread(daemon=True, target=lane.run, args=(stop,))

    def started() -> None:
        thread.start()
        until(lambda: lane.bus.connected)
        time.sleep(0.3)  # the subscription follows the connection

    yield started
    stop.set()
    thread.join(15)


def publish(broker: Broker, seqs: range) -> None:
    bus = Bus(broker.settings, "generator")
    bus.start()
    until(lambda: bus.connected)
    for seq in seqs:
        message = Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(),))
        assert bus.publish(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message)) is not None
        bus.acks.get(timeout=10)
    bus.stop()


def stored(database: DatabaseSettings) -> tuple[int, int]:
    """How many messages are counted, and how many rows there are."""
    with connect(database, Role.OWNER) as connection:
        counted = connection.execute("SELECT coalesce(sum(stored), 0)::int AS n FROM stream").fetchone()
        rows = connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone()
    assert counted is not None
    assert rows is not None
    return counted["n"], rows["n"]


def restart(broker: Broker, lane: LaneConsumer) -> None:
    broker.process.stop()
    until(lambda: not lane.bus.connected)
    broker.start()
    until(lambda: lane.bus.connected)


def test_the_database_is_away_from_the_start(
    city_db: DatabaseSettings, broker_process: Broker, lane: LaneConsumer, switch: Switch, start: Callable[[], None]
) -> None:
    """F3: the broker keeps what has no acknowledgement; here wait no more than two batches."""
    switch.on = False
    start()
    publish(broker_process, range(200))
    until(lambda: lane.taken.qsize() == 2 * BATCH)
    assert stored(city_db) == (0, 0)
    switch.on = True
    until(lambda: stored(city_db) == (200, 200))


def test_the_broker_restarts(
    city_db: DatabaseSettings, broker_process: Broker, lane: LaneConsumer, switch: Switch, start: Callable[[], None]
) -> None:
    """F4, three times, with messages that are neither stored nor acknowledged yet."""
    start()
    publish(broker_process, range(50))
    until(lambda: stored(city_db) == (50, 50))
    switch.on = False
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sunlit_ingest'")
    publish(broker_process, range(50, 150))
    for _ in range(3):
        restart(broker_process, lane)
    # One window of the last connection, one of those before it: not one more with every restart.
    time.sleep(0.5)
    assert lane.taken.qsize() <= 4 * BATCH
    switch.on = True
    publish(broker_process, range(150, 200))
    until(lambda: stored(city_db) == (200, 200))


def sent(bus: Bus, lane: Lane, seq: int) -> bool:
    """Publishes one message and says whether the broker took it for somebody."""
    if lane is Lane.TELEMETRY:
        body = encode(Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(),)))
    else:
        rule = Rule.ALARM_BUTTON
        body = encode(
            Event(id=uuid4(), device=LIFT, boot=BOOT, seq=seq, phase=Phase.START, rule=rule, at=NOW, observed=NOW)
        )
    mid = bus.publish(str(topic("demo", LIFT, lane)), body)
    assert mid is not None
    while True:
        with suppress(queue.Empty):
            assert bus.acks.get(timeout=0.05) == mid
            return True
        with suppress(queue.Empty):
            assert bus.unheard.get_nowait() == mid
            return False


def test_a_long_outage_leaves_telemetry_at_the_edges_and_takes_alarms(
    city_db: DatabaseSettings, broker_process: Broker, switch: Switch
) -> None:
    """A broker that keeps a city's telemetry for hours runs full; the edges are told that nobody listens."""
    chosen = IngestSettings(batch=BATCH, linger_ms=5, hold_after_s=1)
    consumers = lanes(Settings(database=city_db, broker=broker_process.settings, ingest=chosen))
    stop = threading.Event()
    threads = [threading.Thread(daemon=True, target=one.run, args=(stop,)) for one in consumers.values()]
    switch.on = False
    for thread in threads:
        thread.start()
    until(lambda: all(one.bus.connected for one in consumers.values()))
    time.sleep(0.3)
    edge = Bus(broker_process.settings, "edge")
    edge.start()
    until(lambda: edge.connected)
    assert sent(edge, Lane.TELEMETRY, 0)

    until(lambda: consumers["telemetry"].hold.on)
    until(lambda: not sent(edge, Lane.TELEMETRY, 1))
    assert sent(edge, Lane.EVENT, 0)
    restart(broker_process, consumers["telemetry"])
    until(lambda: edge.connected and consumers["event"].bus.connected)
    time.sleep(0.5)
    assert not sent(edge, Lane.TELEMETRY, 1), "a reconnect does not ask again"
    assert sent(edge, Lane.EVENT, 1)

    switch.on = True
    until(lambda: not consumers["telemetry"].hold.on)
    until(lambda: sent(edge, Lane.TELEMETRY, 1))
    with connect(city_db, Role.OWNER) as owner:
        until(lambda: owner.execute("SELECT count(*) AS n FROM lift_sample").fetchone() == {"n": 2})
        assert owner.execute("SELECT count(*) AS n FROM event").fetchone() == {"n": 2}
        assert owner.execute("SELECT count(*) AS n FROM gap").fetchone() == {"n": 0}
    edge.stop()
    stop.set()
    for thread in threads:
        thread.join(15)


def test_a_database_that_only_reads_is_waited_for(
    city_db: DatabaseSettings, broker_process: Broker, lane: LaneConsumer, start: Callable[[], None]
) -> None:
    """So it is for a while after a failover: no message may be given up over it, and the lane goes on by itself."""
    start()
    publish(broker_process, range(5))
    until(lambda: stored(city_db) == (5, 5))
    kick = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sunlit_ingest'"
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("ALTER ROLE sunlit_ingest SET default_transaction_read_only = on")
        try:
            owner.execute(kick)
            publish(broker_process, range(5, 30))
            until(lambda: "read-only" in lane._said)
            assert stored(city_db) == (5, 5)
        finally:
            owner.execute("ALTER ROLE sunlit_ingest RESET default_transaction_read_only")
    until(lambda: stored(city_db) == (30, 30))
    with connect(city_db, Role.OWNER) as owner:
        assert owner.execute("SELECT count(*) AS n FROM reject").fetchone() == {"n": 0}


def test_a_lane_that_raised_can_be_run_again(
    city_db: DatabaseSettings, broker_process: Broker, lane: LaneConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    with monkeypatch.context() as broken:
        broken.setattr(lane, "_with_database", lambda stop: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                lane.run(stop)
    thread = threading.Thread(daemon=True, target=lane.run, args=(stop,))
    thread.start()
    until(lambda: lane.bus.connected)
    time.sleep(0.3)
    publish(broker_process, range(3))
    until(lambda: stored(city_db) == (3, 3))
    stop.set()
    thread.join(15)
