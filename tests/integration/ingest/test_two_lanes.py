"""Two lanes, a trim and a replay at the same rows at once: nobody stops another for good, and the counts are right."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.devices import Devices
from ingest.replay import Filter, open_ids, replay
from ingest.strangers import trim
from ingest.writer import Raw, Writer
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID(int=1, version=4)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KNOWN = [f"lift-{number}" for number in range(442001, 442009)]
STRANGERS = [f"lift-{number}" for number in range(900001, 900005)]
BATCHES, SIZE = 60, 30


def event(code: str, seq: int) -> Raw:
    made = Event(
        id=UUID(int=int(code[5:]) * 10_000 + seq, version=4),
        device=code,
        boot=BOOT,
        seq=seq,
        phase=Phase.START,
        rule=Rule.ALARM_BUTTON,
        at=NOW,
        observed=NOW,
    )
    return Raw(str(topic("demo", code, Lane.EVENT)), encode(made))


def bulk(dice: random.Random) -> Raw:
    """A sample, one that is refused, or a status that tells of both lanes' streams."""
    code = dice.choice(KNOWN + STRANGERS)
    if dice.random() < 0.3:
        at = datetime.now(UTC)
        said = Status(device=code, boot=BOOT, at=at, online=True, published_telemetry=1, published_event=1, losses=())
        return Raw(str(topic("demo", code, Lane.STATUS)), encode(said))
    seq = dice.randrange(500)
    payload = encode(Telemetry(device=code, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.5),)))
    return Raw(
        str(topic("demo", code, Lane.TELEMETRY)),
        payload.replace(b'"speed":1.5', b'"speed":"x"') if seq < 50 else payload,
    )


@pytest.fixture
def open_connection(city_db: DatabaseSettings) -> Iterator[Callable[[], Connection]]:
    opened: list[Connection] = []

    def make() -> Connection:
        opened.append(connect(city_db, Role.INGEST))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


def test_lanes_do_not_stop_each_other(open_connection: Callable[[], Connection]) -> None:
    """Devices that were never heard before, strangers, and statuses that tell of the other lane's streams."""
    faults: list[str] = []

    def lane(make: Callable[[random.Random], Raw], seed: int) -> None:
        writer, dice = Writer(open_connection(), Devices()), random.Random(seed)
        try:
            for _ in range(BATCHES):
                writer.write([make(dice) for _ in range(SIZE)])
        except psycopg.Error as error:
            faults.append(str(error))

    events = lambda dice: event(dice.choice(KNOWN + STRANGERS), dice.randrange(300))  # noqa: E731
    threads = [threading.Thread(target=lane, args=args, daemon=True) for args in ((events, 1), (bulk, 2))]
    for thread in threads:
        thread.start()
    keeper = open_connection()
    while any(thread.is_alive() for thread in threads):
        trim(keeper, 100)
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert counted_right(open_connection())


def test_a_replay_beside_ingest(open_connection: Callable[[], Connection]) -> None:
    """Whom the database stops begins again: ingest by itself, a replay too."""
    connection = open_connection()
    writer, dice = Writer(connection, Devices()), random.Random(3)
    writer.write([bulk(dice) for _ in range(400)])
    other = open_connection()
    outcomes: Counter[str] = Counter()

    def again() -> None:
        ids = open_ids(other, Filter())
        outcomes.update(replay(other, Writer(other, Devices()), ids))

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            writer.write([bulk(dice) for _ in range(SIZE)])
        except psycopg.errors.DeadlockDetected:
            continue
    assert sum(outcomes.values()) > 0
    assert counted_right(connection)


def counted_right(connection: Connection) -> bool:
    """Each number that has come is stored or rejected, and what is stored is there."""
    rows = connection.execute(
        "SELECT stored + rejected AS counted,"
        " next_seq - coalesce((SELECT sum(upper(r) - lower(r)) FROM unnest(missing) r), 0) AS come FROM stream"
    ).fetchall()
    sums = connection.execute(
        "SELECT (SELECT sum(stored) FROM stream WHERE lane = 'telemetry') AS stored,"
        " (SELECT count(*) FROM lift_sample) AS there"
    ).fetchone()
    assert sums is not None
    return bool(rows) and all(row["counted"] == row["come"] for row in rows) and sums["stored"] == sums["there"]
