"""A dead agent from broker to row: its last will, one silence, and what the broker keeps is no new word."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.kinds import DeviceKind, Lane
from contracts.messages import Status, encode
from contracts.topics import topic
from ingest import liveness
from ingest.consumer import lanes
from runtime.bus import Bus
from runtime.db import Role, connect
from runtime.service import Duty
from runtime.settings import BrokerSettings, DatabaseSettings, IngestSettings, Settings
from runtime.stack.broker import Broker

AGENT = "agent-demo"
WHERE = str(topic("demo", AGENT, Lane.STATUS))
BOOT = UUID(int=4, version=4)


def said(online: bool) -> bytes:
    return encode(Status(device=AGENT, boot=BOOT, at=datetime.now(UTC), online=online))


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


class Ingest:
    """The duties of a worker, in threads; stopped and started again."""

    def __init__(self, city: DatabaseSettings, broker: BrokerSettings) -> None:
        self.city, self.broker = city, broker
        self.stop = threading.Event()
        self.threads: list[threading.Thread] = []

    def start(self, client_id: str) -> None:
        chosen = IngestSettings(client_id=client_id, offline_s=0)
        settings = Settings(database=self.city, broker=self.broker, ingest=chosen)
        consumers = lanes(settings)
        duties: list[Duty] = [consumer.run for consumer in consumers.values()]
        duties.append(liveness.duty(settings, lambda: [lane.ear for lane in consumers.values()]))
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=duty, args=(self.stop,), daemon=True) for duty in duties]
        for thread in self.threads:
            thread.start()
        until(lambda: all(lane.bus.connected for lane in consumers.values()))
        time.sleep(0.3)  # the subscription follows the connection

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(10)

    def rows(self) -> list[dict[str, Any]]:
        with connect(self.city, Role.OWNER) as owner:
            return owner.execute(
                "SELECT s.cause, s.ended_at IS NULL AS open FROM silence s JOIN device d ON d.id = s.device_id"
                " WHERE d.code = %s ORDER BY s.id",
                (AGENT,),
            ).fetchall()

    def seen(self) -> datetime | None:
        with connect(self.city, Role.OWNER) as owner:
            row = owner.execute(
                "SELECT seen_at FROM device_status s JOIN device d ON d.id = s.device_id WHERE d.code = %s", (AGENT,)
            ).fetchone()
        return row["seen_at"] if row else None


@pytest.fixture
def ingest(city_db: DatabaseSettings, broker: BrokerSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    monkeypatch.setattr(liveness, "EVERY_S", 0.1)
    made = Ingest(city_db, broker)
    yield made
    made.end()


def test_a_dead_agent(ingest: Ingest, broker: BrokerSettings) -> None:
    ingest.start("first")
    agent = Bus(broker, "agent", will=(WHERE, said(False)))
    agent.start()
    until(lambda: agent.connected)
    agent.publish(WHERE, said(True), retain=True)
    until(ingest.seen)
    assert ingest.rows() == []
    # Killed: its thread ends without a good-bye, then its connection does.
    agent._client.loop_stop()
    connection = agent._client.socket()
    assert connection is not None
    connection.close()
    until(lambda: ingest.rows() == [{"cause": "offline", "open": True}])
    ingest.end()
    # Another session: the broker says again what it keeps.
    before = ingest.seen()
    ingest.start("second")
    time.sleep(1)
    assert (ingest.seen(), ingest.rows()) == (before, [{"cause": "offline", "open": True}])
    again = Bus(broker, "agent", will=(WHERE, said(False)))
    again.start()
    until(lambda: again.connected)
    again.publish(WHERE, said(True), retain=True)
    until(lambda: ingest.rows() == [{"cause": "offline", "open": False}])
    again.stop()


def test_a_broker_that_was_away_makes_nobody_silent(
    city_db: DatabaseSettings, broker_process: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F4 for liveness: away for longer than the limit, with a device that goes on as if nothing had been."""
    monkeypatch.setattr(liveness, "EVERY_S", 0.2)
    short = {f"silent_{kind}_s": 6.0 for kind in DeviceKind}
    monkeypatch.setattr(liveness.Liveness, "limit", lambda self, kind: short[f"silent_{kind}_s"])
    ingest = Ingest(city_db, broker_process.settings)
    ingest.start("first")
    agent, quiet = Bus(broker_process.settings, "agent"), threading.Event()
    agent.start()

    def speak() -> None:
        while not quiet.wait(0.2):
            agent.publish(WHERE, said(True), retain=True)

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        until(ingest.seen)
        broker_process.process.stop()
        time.sleep(9)
        broker_process.start()
        before = ingest.seen()
        until(lambda: ingest.seen() != before)
        time.sleep(1)
        assert ingest.rows() == []
        quiet.set()
        until(lambda: ingest.rows() == [{"cause": "silent", "open": True}])
    finally:
        quiet.set()
        speaker.join(5)
        agent.stop()
        ingest.end()
