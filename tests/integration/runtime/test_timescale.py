"""TimescaleDB where it is available: the same names, the same numbers, and the policies that plain PostgreSQL lacks."""

from datetime import UTC, datetime, timedelta

import pytest

from runtime.db import Connection, Role, connect
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings, RetentionSettings, TimescaleSettings
from runtime.stack.postgres import Postgres
from runtime.storage.policies import COLUMNSTORE, RETENTION, Policy, wanted
from runtime.storage.rollups import ROLLUPS, SAMPLES
from runtime.storage.timescale import TimescaleError, demand, policies

pytestmark = pytest.mark.timescale
DAY = 86_400
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def fill(connection: Connection, start: datetime = NOON) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, car, speed, load)"
            " VALUES (%s, 1, '00000000-0000-4000-8000-000000000001', %s, 0, %s, %s, %s, %s)",
            [(start + timedelta(seconds=10 * n), n, start, n % 2, (-1) ** n * n / 100, n * 10.0) for n in range(100)],
        )


def others(connection: Connection) -> None:
    """A kitchen's climate and camera."""
    boot = "'00000000-0000-4000-8000-000000000001'"
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO climate_sample (time, device_id, boot, seq, n, received, temperature, humidity)"
            f" VALUES (%s, 1, {boot}, %s, 0, %s, %s, 50)",
            [(NOON + timedelta(minutes=n), n, NOON, 20.0 + 3 * n) for n in range(3)],
        )
        cursor.executemany(
            "INSERT INTO camera_sample (time, device_id, boot, seq, n, received, state, frames, looks, detections,"
            f" people) VALUES (%s, 2, {boot}, %s, 0, %s, %s, 101, 11, 2, %s)",
            [(NOON + timedelta(minutes=n), n, NOON, "degraded" if n else "active", n + 1) for n in (0, 2)],
        )
        cursor.execute(
            "INSERT INTO camera_sample (time, device_id, boot, seq, n, received, state, frames, looks, detections,"
            f" people) VALUES (%s, 2, {boot}, 9, 0, %s, 'active', 101, 11, 2, 0)",
            (NOON + timedelta(hours=2), NOON),
        )


def test_hypertables_aggregates_and_policies(timescale_db: DatabaseSettings) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        tables = connection.execute(
            "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE compression_enabled"
        ).fetchall()
        views = connection.execute("SELECT view_name FROM timescaledb_information.continuous_aggregates").fetchall()
        found = policies(connection)
    assert {row["hypertable_name"] for row in tables} >= set(SAMPLES)
    assert {row["view_name"] for row in views} == set(ROLLUPS)
    assert set(found.values()) == set(wanted(RetentionSettings(), TimescaleSettings()))


def test_migrating_again_changes_nothing(timescale_db: DatabaseSettings) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        before = policies(connection)
        assert migrate(timescale_db) == []
        assert policies(connection) == before


def test_settings_become_policies_and_chunks(timescale_db: DatabaseSettings) -> None:
    kept = RetentionSettings(raw_days=40, minute_days=0)
    migrate(timescale_db, retention=kept, timescale=TimescaleSettings(chunk_hours=6, columnstore_after_hours=12))
    with connect(timescale_db, Role.OWNER) as connection:
        found = list(policies(connection).values())
        fill(connection)
        chunks = connection.execute(
            "SELECT extract(epoch FROM range_end - range_start)::int AS seconds FROM timescaledb_information.chunks"
            " WHERE hypertable_name = 'lift_sample'"
        ).fetchall()
    assert Policy(RETENTION, "lift_sample", 40 * DAY, DAY) in found
    assert Policy(COLUMNSTORE, "lift_sample", DAY // 2, 3600) in found
    assert not [one for one in found if one.job == RETENTION and one.relation == "lift_minute"]
    assert {row["seconds"] for row in chunks} == {6 * 3600}


def test_a_version_that_is_too_old_is_one_line() -> None:
    demand("2.29.0")
    demand("3.0")
    with pytest.raises(TimescaleError, match=r"TimescaleDB 2\.28\.3: too old, expected 2\.29 or newer"):
        demand("2.28.3")


def test_rollups_say_the_same_as_on_plain_postgresql(timescale_db: DatabaseSettings, postgres: Postgres) -> None:
    plain = postgres.database("plain_rollups")
    migrate(plain, plain=True)
    found = []
    for database in (timescale_db, plain):
        with connect(database, Role.OWNER) as connection:
            fill(connection)
            others(connection)
            found.append(
                {
                    name: connection.execute(f"SELECT * FROM {name} ORDER BY bucket, device_id").fetchall()
                    for name in sorted(ROLLUPS)
                }
            )
    assert len(found[0]["lift_minute"]) == 17
    assert found[0] == found[1]
    assert [row["temperature_sum"] / row["temperature_count"] for row in found[0]["climate_day"]] == [23.0]
    assert found[0]["camera_day"][0] == {
        **{"bucket": datetime(2026, 11, 20, tzinfo=UTC), "device_id": 2, "samples": 3, "active": 2, "degraded": 1},
        **{"frames": 303, "looks": 33, "detections": 6, "max_people": 3},
    }


def test_late_samples_are_in_the_rollups_after_their_refresh(timescale_db: DatabaseSettings) -> None:
    """An edge was away for a week: its samples go into compressed chunks, below what was materialised."""
    with connect(timescale_db, Role.OWNER) as connection:
        late, now = moments(connection)
        fill(connection, now)
        fill(connection, late)
        run_refreshes(connection)
        compress(connection)
        assert hours(connection) == {"old": 100, "all": 200}
        connection.execute(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received) SELECT %s::timestamptz + i * interval"
            " '1 second', 7, '00000000-0000-4000-8000-000000000007', i, 0, now() FROM generate_series(1, 60) AS i",
            (late,),
        )
        run_refreshes(connection)
        assert hours(connection) == {"old": 160, "all": 260}
        days = connection.execute("SELECT sum(samples)::int AS n FROM lift_day").fetchone()
    assert days == {"n": 260}


def moments(connection: Connection) -> tuple[datetime, datetime]:
    """Whole hours: a week ago, and three hours ago."""
    row = connection.execute("SELECT date_trunc('hour', now()) AS hour").fetchone()
    assert row
    return row["hour"] - timedelta(days=7), row["hour"] - timedelta(hours=3)


def run_refreshes(connection: Connection) -> None:
    """The jobs as TimescaleDB's workers run them, with their windows."""
    jobs = [(ROLLUPS.index(one.relation), job) for job, one in policies(connection).items() if "refresh" in one.job]
    for _, job in sorted(jobs):
        connection.execute(f"CALL run_job({job})")


def compress(connection: Connection) -> None:
    for job, one in policies(connection).items():
        if one.job == COLUMNSTORE:
            connection.execute(f"CALL run_job({job})")


def hours(connection: Connection) -> dict[str, int]:
    row = connection.execute(
        "SELECT sum(samples)::int AS all, (sum(samples) FILTER (WHERE bucket < now() - interval '5 days'))::int AS old"
        " FROM lift_hour"
    ).fetchone()
    assert row
    return {"old": row["old"], "all": row["all"]}


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


@pytest.mark.parametrize("plain", [True, False])
def test_rollups_of_the_first_form_are_made_again(
    postgres: Postgres, timescale_db: DatabaseSettings, plain: bool
) -> None:
    database = postgres.database("first_form") if plain else timescale_db
    migrate(database, plain=plain)
    drop = "VIEW" if plain else "MATERIALIZED VIEW"
    made = "VIEW climate_hour" if plain else "MATERIALIZED VIEW climate_hour WITH (timescaledb.continuous)"
    bucket = "date_bin('1 hour', time, '2000-01-01')" if plain else "time_bucket('1 hour', time)"
    with connect(database, Role.OWNER) as connection:
        for name in reversed(ROLLUPS):
            connection.execute(f"DROP {drop} {name}".encode())
        connection.execute(
            f"CREATE {made} AS SELECT {bucket} AS bucket, device_id, avg(humidity) AS mean_humidity"
            " FROM climate_sample GROUP BY 1, 2".encode()
        )
        connection.execute("DELETE FROM schema_migration WHERE number = 12")
        assert migrate(database, plain=plain) == ["0012_storage"]
        columns = connection.execute("SELECT * FROM climate_hour").description
    assert columns
    assert [column.name for column in columns][:3] == ["bucket", "device_id", "samples"]
