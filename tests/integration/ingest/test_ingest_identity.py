"""A message is stored once: told from what has come as ranges, and in the last resort by the table's own key."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, encode
from contracts.topics import topic
from ingest.batch import Origin, Written
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Connection, Role, connect
from runtime.migrate import migrate, migrations
from runtime.settings import DatabaseSettings
from runtime.stack.postgres import Postgres

BOOT = UUID(int=1, version=4)
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(seqs: Iterable[int], floor: str = "3") -> list[Raw]:
    where = str(topic("demo", LIFT, Lane.TELEMETRY))
    made = (Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(floor=floor),)) for seq in seqs)
    return [Raw(where, encode(message)) for message in made]


@pytest.fixture
def writer(city_db: DatabaseSettings) -> Writer:
    return Writer(connect(city_db, Role.INGEST), Devices())


def stream(connection: Connection) -> dict[str, object]:
    row = connection.execute(
        "SELECT next_seq, missing::text, stored::int, duplicates::int, rejected::int FROM stream"
    ).fetchone()
    assert row is not None
    return row


def test_shuffled_doubled_and_torn_into_batches(writer: Writer) -> None:
    """F6: 600 messages, each up to three times, in any order, 5 of them never."""
    chance = random.Random(6)
    never = {0, 17, 18, 300, 599}
    seqs = [seq for seq in range(600) if seq not in never for _ in range(chance.randint(1, 3))]
    chance.shuffle(seqs)
    total = Written()
    while seqs:
        size = chance.randint(1, 90)
        batch, seqs = seqs[:size], seqs[size:]
        total += writer.write(telemetry(batch))
    assert total.stored == 595
    assert stream(writer.connection) == {
        "next_seq": 599,
        "missing": "{[0,1),[17,19),[300,301)}",
        "stored": 595,
        "duplicates": total.duplicates,
        "rejected": 0,
    }
    rows = writer.connection.execute("SELECT count(*) AS n, count(DISTINCT seq) AS seqs FROM lift_sample").fetchone()
    assert rows == {"n": 595, "seqs": 595}
    holes = writer.connection.execute(
        "SELECT sum(missing)::int AS missing, count(*) FILTER (WHERE filled_at IS NOT NULL) > 0 AS filled FROM gap"
    ).fetchone()
    assert holes == {"missing": 4, "filled": True}


def test_samples_of_a_forgotten_stream_are_passed_over(writer: Writer, city_db: DatabaseSettings) -> None:
    """So late a repeat that the books were closed: the table's key tells it, and its new neighbours are stored."""
    writer.write(telemetry(range(3)))
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("DELETE FROM stream")
    assert writer.write(telemetry(range(5))) == Written(stored=5)
    rows = writer.connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone()
    assert rows == {"n": 5}


def test_a_refused_message_that_is_good_now_moves_to_the_stored(writer: Writer) -> None:
    """What a replay of rejects does: the equation holds before and after, and a second replay changes nothing."""
    poison = telemetry([1], floor="\0")
    assert writer.write([*telemetry([0]), *poison, *telemetry([2])]) == Written(stored=2, rejected=1)
    assert writer.write(poison, origin=Origin.COUNTED) == Written(duplicates=1), "still refused"
    assert writer.write(telemetry([1]), origin=Origin.COUNTED) == Written(stored=1)
    assert stream(writer.connection)["stored"] == 3
    assert stream(writer.connection)["rejected"] == 0
    assert writer.write(telemetry([1])) == Written(duplicates=1)


def test_the_books_of_an_older_database_are_carried_over(postgres: Postgres) -> None:
    database = postgres.database("before_ranges")
    with psycopg.connect(database.url, autocommit=True) as owner:
        for migration in migrations():
            if migration.number < 9:
                owner.execute(psycopg.sql.SQL(migration.text))
        owner.execute(
            "CREATE TABLE schema_migration (number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        for migration in migrations():
            if migration.number < 9:
                owner.execute(
                    "INSERT INTO schema_migration VALUES (%s, %s, %s)",
                    (migration.number, migration.name, migration.sha256),
                )
        owner.execute("INSERT INTO device (code, kind, site) VALUES (%s, 'lift', 'demo')", (LIFT,))
        keys = "SELECT id, '00000000-0000-4000-8000-000000000001', 'telemetry'"
        owner.execute(
            "INSERT INTO stream (device_id, boot, lane, first_seen, last_seen, next_seq, stored)"
            f" {keys}, now(), now(), 10, 6 FROM device"
        )
        owner.execute(
            "INSERT INTO gap (device_id, boot, lane, from_seq, to_seq, opened_at, missing)"
            f" {keys}, g.a, g.b, now(), g.m FROM device, (VALUES (1, 3, 0), (4, 8, 3)) AS g (a, b, m)"
        )
        owner.execute(
            "INSERT INTO message_seen (device_id, boot, lane, seq, received)"
            f" {keys}, seq, now() FROM device, unnest('{{0,1,2,3,5,8,9}}'::int[]) AS seq"
        )
        owner.execute(
            "INSERT INTO loss (device_id, boot, lane, from_seq, to_seq, arrived, reported_at)"
            f" {keys}, 6, 9, 1, now() FROM device"
        )
    migrate(database)
    with connect(database, Role.OWNER) as owner:
        row = owner.execute("SELECT missing::text, given_up::text FROM stream").fetchone()
    assert row == {"missing": "{[4,5),[6,8)}", "given_up": "{[6,9)}"}
