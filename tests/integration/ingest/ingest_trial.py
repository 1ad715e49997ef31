"""A database, a broker and one real ingest process, for tests that break one of them and count."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Telemetry, encode
from contracts.topics import topic
from runtime.publisher import Outgoing, Publisher
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.broker import Broker
from runtime.stack.process import Process, sunlit

BOOT = UUID(int=1, version=4)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Books(NamedTuple):
    """What the centre knows of all streams, and the rows themselves."""

    stored: int
    rejected: int
    missing: int
    samples: int
    events: int


class Trial:
    def __init__(self, database: DatabaseSettings, broker: Broker, folder: Path) -> None:
        self.database, self.broker, self.folder = database, broker, folder
        self.config = folder / "sunlit.toml"
        self.config.write_text(
            f"[database]\nurl = {json.dumps(database.url)}\n[broker]\nport = {broker.port}\n"
            "[ingest]\nbatch = 20\nlinger_ms = 5\n",
            "utf-8",
        )

    def ingest(self) -> Process:
        return self._start(sunlit("ingest", "run", "--config", str(self.config)))

    def dying_ingest(self, place: str, nth: int) -> Process:
        script = Path(__file__).with_name("dying_ingest.py")
        return self._start([sys.executable, str(script), str(self.config), place, str(nth)])

    def _start(self, command: list[str]) -> Process:
        process = Process("ingest", command, self.folder / "ingest.log")
        process.start()
        return process

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.url, autocommit=True) as owner:
            return owner.execute(statement).fetchall()

    def books(self) -> Books:
        (row,) = self.sql(
            "SELECT coalesce(sum(stored), 0)::int, coalesce(sum(rejected), 0)::int,"
            " coalesce(sum(next_seq - stored - rejected), 0)::int, (SELECT count(*) FROM lift_sample)::int,"
            " (SELECT count(*) FROM event)::int FROM stream"
        )
        return Books._make(row)

    def await_sessions(self) -> None:
        """Until the broker keeps for ingest what comes from now on."""
        until(lambda: self.sql("SELECT count(*) FROM ingest_beat WHERE (info->>'connected')::boolean") == [(2,)])


def telemetry(device: str, seqs: Iterable[int], base: Callable[[int], datetime] = lambda seq: NOW) -> list[Outgoing]:
    where = str(topic("demo", device, Lane.TELEMETRY)).encode()
    return [
        Outgoing(
            0,
            where,
            encode(Telemetry(device=device, boot=BOOT, seq=seq, base=base(seq), samples=(LiftSample(speed=1.0),))),
        )
        for seq in seqs
    ]


def alarms(device: str, seqs: Iterable[int]) -> list[Outgoing]:
    where = str(topic("demo", device, Lane.EVENT)).encode()
    return [
        Outgoing(
            0,
            where,
            encode(
                Event(
                    id=uuid4(),
                    device=device,
                    boot=BOOT,
                    seq=seq,
                    phase=Phase.START,
                    rule=Rule.ALARM_BUTTON,
                    at=NOW,
                    observed=NOW,
                )
            ),
        )
        for seq in seqs
    ]


def publish(broker: BrokerSettings, messages: list[Outgoing]) -> None:
    """Returns when the broker has all of them, and somebody listens to each."""
    count = Publisher(broker, connections=1).run(messages)
    assert (count.accepted, count.unheard, count.refused) == (len(messages), 0, {})


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.1)
