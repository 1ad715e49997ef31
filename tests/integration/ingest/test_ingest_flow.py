"""Broker to database with real parts: nothing lost, nothing twice, whatever is killed."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from contracts.kinds import Lane, Phase, Rule, ServiceMode
from contracts.messages import Event, LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.consumer import LaneConsumer, lanes
from runtime.bus import Bus
from runtime.db import Role, connect
from runtime.settings import BrokerSettings, DatabaseSettings, IngestSettings, Settings
from runtime.stack.process import sunlit

BOOT = UUID("00000000-0000-4000-8000-000000000001")
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(seq: int, boot: UUID = BOOT, floor: str = "3") -> bytes:
    sample = LiftSample(mode=ServiceMode.NORMAL, door_closed=True, speed=1.5, floor=floor)
    return encode(Telemetry(device=LIFT, boot=boot, seq=seq, base=NOW, samples=(sample,)))


def event(seq: int) -> bytes:
    made = Event(
        id=uuid4(), device=LIFT, boot=BOOT, seq=seq, phase=Phase.START, rule=Rule.ALARM_BUTTON, at=NOW, observed=NOW
    )
    return encode(made)


def where(lane: Lane, device: str = LIFT) -> str:
    return str(topic("demo", device, lane))


@pytest.fixture
def settings(city_db: DatabaseSettings, broker: BrokerSettings) -> Settings:
    return Settings(database=city_db, broker=broker, ingest=IngestSettings(batch=200, linger_ms=20))


@pytest.fixture
def publish(broker: BrokerSettings) -> Iterator[Callable[[str, bytes], None]]:
    bus = Bus(broker, "generator")
    bus.start()
    until(lambda: bus.connected)

    def send(name: str, payload: bytes) -> None:
        assert bus.publish(name, payload) is not None
        bus.acks.get(timeout=10)

    yield send
    bus.stop()


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def value(database: DatabaseSettings, statement: str) -> object:
    with connect(database, Role.OWNER) as connection:
        row = connection.execute(statement).fetchone()
    return next(iter(row.values())) if row else None


@pytest.fixture
def running(settings: Settings) -> Iterator[dict[str, LaneConsumer]]:
    stop = threading.Event()
    consumers = lanes(settings)
    threads = [threading.Thread(daemon=True, target=consumer.run, args=(stop,)) for consumer in consumers.values()]
    for thread in threads:
        thread.start()
    until(lambda: all(consumer.bus.connected for consumer in consumers.values()))
    time.sleep(0.3)  # the subscription follows the connection
    yield consumers
    stop.set()
    for thread in threads:
        thread.join(15)


def stream(database: DatabaseSettings, lane: str) -> dict[str, int]:
    with connect(database, Role.OWNER) as connection:
        row = connection.execute(
            "SELECT next_seq, stored, duplicates, rejected, published, lost FROM stream WHERE lane = %s", (lane,)
        ).fetchone()
    return {name: int(number) for name, number in row.items()} if row else {}


@pytest.mark.usefixtures("running")
def test_stored_counted_and_shown(settings: Settings, publish: Callable[[str, bytes], None]) -> None:
    for seq in (0, 1, 1, 4, 3):
        publish(where(Lane.TELEMETRY), telemetry(seq))
    publish(where(Lane.EVENT), event(0))
    status = Status(device=LIFT, boot=BOOT, at=NOW, online=True, published_telemetry=5, published_event=1)
    publish(where(Lane.STATUS), encode(status))
    database = settings.database
    until(lambda: value(database, "SELECT count(*) FROM event") == 1)
    until(lambda: stream(database, "telemetry").get("stored") == 4)
    until(lambda: stream(database, "telemetry").get("published") == 5)
    assert stream(database, "telemetry") == {
        "next_seq": 5,
        "stored": 4,
        "duplicates": 1,
        "rejected": 0,
        "published": 5,
        "lost": 0,
    }
    assert value(database, "SELECT count(*) FROM lift_sample") == 4
    # Number 2 never came; how the holes were cut depends on the batches, that one is missing does not.
    assert value(database, "SELECT sum(missing) FROM gap") == 1
    assert value(database, "SELECT online FROM device_status") is True


@pytest.mark.usefixtures("running")
def test_what_is_no_message_is_kept_with_its_reason(settings: Settings, publish: Callable[[str, bytes], None]) -> None:
    broken = telemetry(7).replace(b'"speed":1.5', b'"speed":"fast"')
    for _ in range(2):
        publish(where(Lane.TELEMETRY), broken)
    publish(where(Lane.TELEMETRY), b"\xff\x00 no json")
    publish(where(Lane.TELEMETRY, "lift-000000"), telemetry(1).replace(b"lift-442001", b"lift-000000"))
    publish(where(Lane.TELEMETRY, "lift-442002"), telemetry(1))
    publish("sunlit/v1/00/demo/lift-442001/telemetry", telemetry(1))
    database = settings.database
    until(lambda: value(database, "SELECT count(*) FROM reject") == 5)
    until(lambda: value(database, "SELECT sum(times) FROM reject") == 6)
    with connect(database, Role.INGEST) as connection:
        reasons = [row["reason"] for row in connection.execute("SELECT reason FROM reject ORDER BY id").fetchall()]
    expected = ("speed", "telemetry: ", "not registered", "in the payload", "shard: '00'")
    assert all(words in reason for words, reason in zip(expected, reasons, strict=True)), reasons
    assert stream(database, "telemetry")["rejected"] == 1
    assert value(database, "SELECT count(*) FROM lift_sample") == 0


def test_one_poison_row_in_a_batch_of_a_thousand(settings: Settings) -> None:
    """F7: PostgreSQL refuses a NUL in a text; the other 999 are stored."""
    from ingest.devices import Devices
    from ingest.writer import Raw, Writer

    batch = [Raw(where(Lane.TELEMETRY), telemetry(seq)) for seq in range(1000)]
    batch[617] = Raw(where(Lane.TELEMETRY), telemetry(617, floor="\0"))
    with connect(settings.database, Role.INGEST) as connection:
        written = Writer(connection, Devices()).write(batch)
        again = Writer(connection, Devices()).write(batch)
    assert written == (999, 0, 1)
    assert again == (0, 1000, 0)
    assert value(settings.database, "SELECT reason FROM reject LIMIT 1") is not None
    assert stream(settings.database, "telemetry")["next_seq"] == 1000
    assert value(settings.database, "SELECT coalesce(sum(missing), 0) FROM gap") == 0


@pytest.mark.usefixtures("running")
def test_the_database_goes_and_comes_back(settings: Settings, publish: Callable[[str, bytes], None]) -> None:
    publish(where(Lane.TELEMETRY), telemetry(0))
    until(lambda: stream(settings.database, "telemetry").get("stored") == 1)
    with psycopg.connect(settings.database.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sunlit_ingest'")
    for seq in range(1, 50):
        publish(where(Lane.TELEMETRY), telemetry(seq))
    until(lambda: stream(settings.database, "telemetry")["stored"] == 50)
    assert value(settings.database, "SELECT count(*) FROM lift_sample") == 50


def test_kill_9_in_mid_flow(settings: Settings, publish: Callable[[str, bytes], None], tmp_path: Path) -> None:
    """F1: a real process is killed while messages flow; its successor leaves no message out and none twice."""
    config = tmp_path / "sunlit.toml"
    config.write_text(
        f"[database]\nurl = {json.dumps(settings.database.url)}\n[broker]\nport = {settings.broker.port}\n"
        "[ingest]\nbatch = 20\nlinger_ms = 5\n",
        "utf-8",
    )
    command = sunlit("ingest", "run", "--config", str(config))
    child = subprocess.Popen(command)
    try:
        until(lambda: value(settings.database, "SELECT count(*) FROM ingest_beat") == 2)
        for seq in range(600):
            publish(where(Lane.TELEMETRY), telemetry(seq))
            if seq == 300:
                child.send_signal(signal.SIGKILL)
                child.wait()
                child = subprocess.Popen(command)
        until(lambda: stream(settings.database, "telemetry").get("stored") == 600)
        assert value(settings.database, "SELECT count(*) FROM lift_sample") == 600
        assert value(settings.database, "SELECT count(DISTINCT seq) FROM lift_sample") == 600
    finally:
        child.terminate()
        child.wait(15)


def test_ingest_cannot_write_what_is_not_its_own(city_db: DatabaseSettings) -> None:
    with (
        connect(city_db, Role.INGEST) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE incident SET tier = 3")
