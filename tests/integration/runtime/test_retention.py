"""What is too old goes, and nothing else, by the service that wrote it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from runtime.db import Connection, Role, connect
from runtime.migrate import has_timescale, migrate
from runtime.settings import DatabaseSettings, RetentionSettings, Settings
from runtime.stack.postgres import Postgres
from runtime.storage import retention
from runtime.storage.keeping import rules
from runtime.storage.retention import OLD

NOW = datetime.now(UTC)
BOOTS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(5)]
DAYS = RetentionSettings(
    raw_days=100,
    rejects_days=50,
    streams_days=50,
    orders_days=50,
    letters_days=50,
    leases_days=50,
    reports_days=50,
    beats_days=50,
    alarms_days=50,
    rows_per_s=1_000_000,
)


@pytest.fixture
def plain(postgres: Postgres) -> DatabaseSettings:
    """A database without TimescaleDB, wherever the tests run."""
    made = postgres.database("plain_retention")
    with connect(made, Role.OWNER) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    migrate(made, plain=True)
    with connect(made, Role.OWNER) as connection:
        connection.execute("INSERT INTO device (code, kind, site) VALUES ('lift-1', 'lift', 'demo')")
    return made


def days(number: float) -> datetime:
    return NOW - timedelta(days=number)


def samples(connection: Connection, table: str = "lift_sample", each: int = 1) -> None:
    for age in (200, 101, 99, 0):
        connection.execute(
            f"INSERT INTO {table} (time, device_id, boot, seq, n, received) SELECT %s, 1, %s, i, 0, now()"
            " FROM generate_series(1, %s) AS i",
            (days(age), BOOTS[0], each),
        )


def boot(connection: Connection, number: int, last_seen: datetime) -> None:
    """A boot with a gap and a reject, all 200 days old."""
    old = {"boot": BOOTS[number], "old": days(200), "last": last_seen}
    connection.execute(
        "INSERT INTO stream (device_id, boot, lane, first_seen, last_seen)"
        " VALUES (1, %(boot)s, 'telemetry', %(old)s, %(last)s)",
        old,
    )
    connection.execute(
        "INSERT INTO gap (device_id, boot, lane, from_seq, to_seq, opened_at, missing)"
        " VALUES (1, %(boot)s, 'telemetry', 1, 2, %(old)s, 1)",
        old,
    )
    connection.execute(
        "INSERT INTO reject (received, topic, payload, reason, device_code, lane, boot, seq, digest)"
        " VALUES (%(old)s, %(boot)s::text, '', 'test', 'lift-1', 'telemetry', %(boot)s::uuid, 1, '')",
        old,
    )


def boots(connection: Connection, table: str) -> list[int]:
    rows = connection.execute(f"SELECT boot::text AS boot FROM {table} ORDER BY boot").fetchall()
    return [BOOTS.index(row["boot"]) for row in rows]


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
    assert row
    return int(row["n"])


def test_old_samples_go_in_batches(plain: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    told: list[tuple[str, int]] = []
    with connect(plain, Role.OWNER) as connection:
        samples(connection, each=10)
        found = retention.old_rows(connection, rules(DAYS))
        gone = retention.sweep(connection, rules(DAYS), lambda *batch: told.append(batch))
        assert found["lift_sample"] == 20
        assert {table: rows for table, rows in gone.items() if rows} == {"lift_sample": 20}
        assert told == [("lift_sample", 7), ("lift_sample", 14), ("lift_sample", 20)]
        assert count(connection, "lift_sample") == 20


def test_accounting_goes_as_a_whole_and_never_of_a_boot_that_runs(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        boot(connection, 0, days(200))
        boot(connection, 1, days(49))
        boot(connection, 2, days(200))
        connection.execute("INSERT INTO device_status (device_id, boot, seen_at) VALUES (1, %s, now())", (BOOTS[2],))
        retention.sweep(connection, rules(DAYS), lambda *_: None)
        assert {table: boots(connection, table) for table in ("stream", "gap", "reject")} == {
            table: [1, 2] for table in ("stream", "gap", "reject")
        }


def test_a_reject_that_no_boot_counts_goes_by_its_own_age(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        for age in (60, 40):
            connection.execute(
                "INSERT INTO reject (received, topic, payload, reason, digest) VALUES (%s, %s, '', 'test', '')",
                (days(age), str(age)),
            )
        retention.sweep(connection, rules(DAYS), lambda *_: None)
        assert connection.execute("SELECT topic FROM reject").fetchall() == [{"topic": "40"}]


def test_old_letters_go_with_their_receipts_and_none_that_is_under_way(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        for dedupe, state, age in (("old", "sent", 60), ("new", "sent", 40), ("stuck", "queued", 60)):
            connection.execute(
                "WITH letter AS (INSERT INTO outbox (dedupe, channel, address, stage, language, subject, body, state,"
                " created_at, next_at, give_up_at) VALUES (%(d)s, 'email', 'a', 's', 'zh', 's', 'b', %(s)s, %(at)s,"
                " %(at)s, %(at)s) RETURNING id),"
                " attempt AS (INSERT INTO outbox_attempt (outbox_id, started_at) SELECT id, %(at)s FROM letter"
                " RETURNING id)"
                " INSERT INTO receipt (attempt_id, state, received_at) SELECT id, 'delivered', %(at)s FROM attempt",
                {"d": dedupe, "s": state, "at": days(age)},
            )
        retention.sweep(connection, rules(DAYS), lambda *_: None)
        kept = connection.execute("SELECT dedupe FROM outbox ORDER BY dedupe").fetchall()
        assert [row["dedupe"] for row in kept] == ["new", "stuck"]
        assert (count(connection, "outbox_attempt"), count(connection, "receipt")) == (2, 1)


def test_what_strangers_said_is_kept_until_they_are_long_silent(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        for code, age in (("gone", 60), ("speaks", 1)):
            connection.execute(
                "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, kept, lanes)"
                " VALUES ('demo', %s, 'unknown', %s, %s, 1, 1, 1, '{event}')",
                (code, days(200), days(age)),
            )
            connection.execute(
                "INSERT INTO stranger_forgotten VALUES ('demo', %s, %s, 'event', '{[1,2)}')", (code, BOOTS[0])
            )
            connection.execute(
                "INSERT INTO reject (received, topic, payload, reason, device_code, digest) VALUES (%s, 'x', '',"
                " 'device: not registered', %s, sha256(%s::text::bytea))",
                (days(200), code, code),
            )
        connection.execute(
            "INSERT INTO silence (device_id, cause, since, noticed_at, ended_at) SELECT 1, 'silent', at, at, at"
            " FROM unnest(%s::timestamptz[]) AS at",
            ([days(60), days(40)],),
        )
        retention.sweep(connection, rules(DAYS), lambda *_: None)
        for table, column in (("stranger", "code"), ("stranger_forgotten", "code"), ("reject", "device_code")):
            assert connection.execute(f"SELECT {column} AS code FROM {table}").fetchall() == [{"code": "speaks"}]
        assert connection.execute("SELECT ended_at FROM silence").fetchall() == [{"ended_at": days(40)}]


def test_each_service_may_delete_what_it_wrote(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        samples(connection)
        orders_and_leases(connection)
    for role in (Role.INGEST, Role.ALERTING, Role.API, Role.AUDITOR):
        run_once(Settings(database=plain, retention=DAYS), role)
    with connect(plain, Role.OWNER) as connection:
        left = {table: count(connection, table) for table in sorted(OLD.statements)}
    # The newest sign of life of each service stays although it is too old.
    beats = {"ingest_beat": 1, "alerting_beat": 1, "api_beat": 1, "auditor_beat": 1, "alarm": 2}
    orders = {"edge_order": 1, "edge_order_sent": 1, "edge_reply": 1, "live_lease": 1}
    assert left == {**dict.fromkeys(left, 0), "lift_sample": 2, **beats, **orders}


def orders_and_leases(connection: Connection) -> None:
    person = connection.execute(
        "INSERT INTO person (login, name, password_hash) VALUES ('p', 'p', 'p') RETURNING id"
    ).fetchone()
    assert person
    for number, age in enumerate((60, 40)):
        at = {"id": BOOTS[number], "at": days(age), "person": person["id"]}
        connection.execute(
            "INSERT INTO edge_order (id, device_id, kind, actor, expires_at) VALUES (%(id)s, 1, 'x', 'x', %(at)s)", at
        )
        connection.execute(
            "INSERT INTO edge_order_sent (order_id, first_at, last_at) VALUES (%(id)s, now(), now())", at
        )
        connection.execute(
            "INSERT INTO edge_reply (order_id, device_id, at, received, ok, final)"
            " VALUES (%(id)s, 1, %(at)s, %(at)s, true, true)",
            at,
        )
        connection.execute(
            "INSERT INTO live_lease (id, device_id, person_id, role, mode, reason, until, asked_at, closed_at)"
            " VALUES (%(id)s, 1, %(person)s, 'owner', 'live', 'x', %(at)s, %(at)s, %(at)s)",
            at,
        )
    connection.execute(
        "INSERT INTO alarm (auditor, name, grave, since, opened_at, weight, details, words_zh, words_en, ended_at)"
        " SELECT 'a', 'service', true, at, at, 1, '{}', '', '', ended FROM"
        " (VALUES (%(old)s, %(old)s), (%(old)s, NULL), (%(old)s, %(young)s)) AS v (at, ended)",
        {"old": days(60), "young": days(40)},
    )
    for table in ("ingest_beat", "alerting_beat", "api_beat", "auditor_beat"):
        for age in (70, 60):
            connection.execute(f"INSERT INTO {table} (instance, at) VALUES (%s, %s)", (str(age), days(age)))


class OneRound(threading.Event):
    """Set by the first pause."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return super().wait(timeout)


def run_once(settings: Settings, role: Role) -> None:
    """The duty of a service through its first round."""
    worker = threading.Thread(target=retention.work(settings, role), args=(OneRound(),), daemon=True)
    worker.start()
    worker.join(30)
    assert not worker.is_alive()


def test_a_database_that_is_away_is_no_failure_of_the_duty() -> None:
    run_once(Settings(database=DatabaseSettings(url="postgresql://127.0.0.1:1/nowhere")), Role.INGEST)


def test_every_old_row_can_be_found_by_its_statement(empty_db: DatabaseSettings) -> None:
    with connect(empty_db, Role.OWNER) as connection:
        found = retention.old_rows(connection, rules(RetentionSettings()))
        chunked = {"lift_sample", "climate_sample", "camera_sample"} if has_timescale(connection) else set()
    assert found == dict.fromkeys(set(OLD.statements) - chunked, 0)


@pytest.mark.timescale
def test_old_chunks_are_dropped_whole_and_no_row_is_deleted(timescale_db: DatabaseSettings) -> None:
    settings = Settings(database=timescale_db, retention=DAYS)
    told: list[tuple[str, int]] = []
    with connect(timescale_db, Role.OWNER) as connection:
        samples(connection)
        assert retention.old_chunks(connection, settings)["lift_sample"] == 2
        assert "lift_sample" not in retention.sweep(connection, rules(DAYS), lambda *_: None)
        assert count(connection, "lift_sample") == 4
        gone = retention.drop_chunks(connection, settings, lambda *one: told.append(one))
        assert count(connection, "lift_sample") == 2
    assert gone["lift_sample"] == 2
    assert ("lift_sample", 2) in told
    run_once(settings, Role.INGEST)


def test_a_silence_that_is_a_finding_stays_with_it_and_stops_nobody_else(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO silence (device_id, cause, since, noticed_at, ended_at)"
            " SELECT 1, 'silent', at, at, at FROM unnest(%s::timestamptz[]) AS at",
            ([days(300), days(299)],),
        )
        connection.execute("INSERT INTO town (code, name_zh, name_en) VALUES ('t', 't', 't')")
        connection.execute(
            "INSERT INTO place (code, name_zh, name_en, address_zh, address_en, town_code, kind, lat, lon)"
            " VALUES ('p', 'p', 'p', 'p', 'p', 't', 'other', 22, 113)"
        )
        connection.execute("INSERT INTO lift (code, name_zh, name_en, place_id) SELECT '442001', 'l', 'l', 1")
        connection.execute(
            "INSERT INTO policy (kind, version, body, sha256, activated_at, author)"
            " VALUES ('fault', 1, '{}', '', now(), 'test')"
        )
        connection.execute(
            "INSERT INTO finding (number, lift_id, device_id, silence_id, rule, class, state, confidence, policy_id,"
            " at, opened_at, last_at) SELECT 'F1', l.id, 1, (SELECT min(id) FROM silence), 'device_silent', 'D',"
            " 'pushed', 1, p.id, now(), now(), now() FROM lift l, policy p"
        )
    with connect(plain, Role.INGEST) as connection:
        retention.sweep(connection, [rule for rule in rules(DAYS) if rule.table == "silence"], lambda *_: None)
    with connect(plain, Role.OWNER) as connection:
        assert connection.execute("SELECT count(*) AS n FROM silence").fetchall() == [{"n": 1}]


def test_a_report_stays_until_it_is_answered_and_nobodys_address_longer_than_a_day(plain: DatabaseSettings) -> None:
    with connect(plain, Role.OWNER) as connection:
        for number, (state, age) in enumerate((("received", 900), ("read", 900), ("answered", 51), ("rejected", 49))):
            connection.execute(
                "INSERT INTO public_report (number, at, body, state, changed_at) VALUES (%s, %s, 'x', %s, %s)",
                (f"N{number}", days(900), state, days(age)),
            )
        for hours in (12, 27, 216):
            connection.execute(
                "INSERT INTO report_seen (at, sender, subject) VALUES (%s, 'x', 'y')", (days(hours / 24),)
            )
            connection.execute(
                "INSERT INTO report_salt VALUES (%s, 'x') ON CONFLICT DO NOTHING", (days(hours / 24).date(),)
            )
        retention.sweep(connection, rules(DAYS), lambda *_: None)
        left = connection.execute("SELECT state FROM public_report ORDER BY number").fetchall()
        assert [row["state"] for row in left] == ["received", "read", "rejected"]
        assert count(connection, "report_seen") == 1
        assert count(connection, "report_salt") <= 2
