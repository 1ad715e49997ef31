"""TimescaleDB where it is available: the same names, the same numbers, and the policies that plain PostgreSQL lacks."""

from datetime import UTC, datetime, timedelta

import pytest

from runtime.db import Connection, Role, connect
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings
from runtime.stack.postgres import Postgres

pytestmark = pytest.mark.timescale
HYPERTABLES = {"lift_sample", "climate_sample", "camera_sample"}
ROLLUPS = {f"{kind}_{width}" for kind in ("lift", "climate") for width in ("minute", "hour", "day")}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def fill(connection: Connection, start: datetime = NOON) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, car, speed, load)"
            " VALUES (%s, 1, '00000000-0000-4000-8000-000000000001', %s, 0, %s, %s, %s, %s)",
            [(start + timedelta(seconds=10 * n), n, start, n % 2, (-1) ** n * n / 100, n * 10.0) for n in range(100)],
        )


def test_hypertables_aggregates_and_policies(timescale_db: DatabaseSettings) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        tables = connection.execute(
            "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE compression_enabled"
        ).fetchall()
        views = connection.execute("SELECT view_name FROM timescaledb_information.continuous_aggregates").fetchall()
        jobs = connection.execute("SELECT proc_name, hypertable_name FROM timescaledb_information.jobs").fetchall()
    assert {row["hypertable_name"] for row in tables} == HYPERTABLES
    assert {row["view_name"] for row in views} == ROLLUPS
    for proc in ("policy_compression", "policy_retention"):
        assert {row["hypertable_name"] for row in jobs if row["proc_name"] == proc} == HYPERTABLES


def test_migrating_again_changes_nothing(timescale_db: DatabaseSettings) -> None:
    assert migrate(timescale_db) == []


def test_rollups_say_the_same_as_on_plain_postgresql(timescale_db: DatabaseSettings, postgres: Postgres) -> None:
    plain = postgres.database("plain_rollups")
    migrate(plain, plain=True)
    found = []
    for database in (timescale_db, plain):
        with connect(database, Role.OWNER) as connection:
            fill(connection)
            found.append(
                {
                    name: connection.execute(f"SELECT * FROM {name} ORDER BY bucket, device_id").fetchall()
                    for name in sorted(ROLLUPS)
                }
            )
    assert len(found[0]["lift_minute"]) == 17
    assert found[0] == found[1]


def test_late_samples_land_in_a_compressed_chunk_once(timescale_db: DatabaseSettings) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        fill(connection)
        chunk = connection.execute("SELECT show_chunks('lift_sample')::text AS name LIMIT 1").fetchone()
        assert chunk
        connection.execute(f"CALL convert_to_columnstore('{chunk['name']}')")
    insert = (
        "INSERT INTO lift_sample (time, device_id, boot, seq, n, received) VALUES (%s, 1,"
        " '00000000-0000-4000-8000-000000000001', %s, 0, now()) ON CONFLICT DO NOTHING"
    )
    with connect(timescale_db, Role.INGEST) as connection:
        assert connection.execute(insert, (NOON, 0)).rowcount == 0
        assert connection.execute(insert, (NOON + timedelta(seconds=5), 1000)).rowcount == 1
        total = connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone()
    assert total == {"n": 101}


def test_a_database_that_began_plain_moves_over_with_its_rows(
    postgres: Postgres, timescale_db: DatabaseSettings
) -> None:
    del timescale_db
    moving = postgres.database("moving")
    migrate(moving, plain=True)
    with connect(moving, Role.OWNER) as connection:
        fill(connection)
    migrate(moving)
    with connect(moving, Role.INGEST) as connection:
        assert connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone() == {"n": 100}
        assert connection.execute("SELECT sum(samples) AS n FROM lift_hour").fetchone() == {"n": 100}
