"""`sunlit db status` and `retention`: what they print, and with what they end."""

import json
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb
from typer.testing import CliRunner, Result

from runtime.db import Role, connect, fault_of
from runtime.db_cli import app
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings
from runtime.stack.postgres import Postgres
from runtime.stack.process import sunlit
from runtime.storage.policies import COLUMNSTORE
from runtime.storage.retention import OLD
from runtime.storage.rollups import ROLLUPS, SAMPLES
from runtime.storage.timescale import policies

STARTED = ("last_start", "last_finish", "next_start", "last_successful_finish")
NUMBERS = ("total_successes", "total_crashes", "consecutive_failures", "consecutive_crashes", "flags")
DURATIONS = ("total_duration", "total_duration_failures")


def config(database: DatabaseSettings, folder: Path, extra: str = "") -> str:
    path = folder / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(database.url)}\n{extra}", "utf-8")
    return str(path)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def as_json(path: str) -> tuple[dict[str, Any], int]:
    done = call("status", "--config", path, "--json")
    return json.loads(done.stdout), done.exit_code


def fill(database: DatabaseSettings, days: str = "0, 500") -> None:
    with connect(database, Role.OWNER) as connection:
        connection.execute("INSERT INTO device (code, kind, site) VALUES ('lift-x', 'lift', 'demo')")
        connection.execute(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received) SELECT now() - interval '1 day' * age,"
            " d.id, gen_random_uuid(), i, 0, now() FROM device d, generate_series(1, 100) AS i,"
            f" unnest(ARRAY[{days}]) AS age WHERE d.code = 'lift-x'"
        )
        connection.execute("ANALYZE lift_sample")


def test_state_of_a_healthy_database(empty_db: DatabaseSettings, tmp_path: Path) -> None:
    fill(empty_db)
    found, code = as_json(config(empty_db, tmp_path))
    assert (found["faults"], code) == ([], 0)
    assert found["migration"] == found["newest_migration"]
    lifts = next(one for one in found["tables"] if one["name"] == "lift_sample")
    assert lifts["rows"] == 200
    assert lifts["bytes"] > 0
    assert lifts["newest"] > lifts["oldest"]
    shown = call("status", "--config", config(empty_db, tmp_path))
    assert shown.exit_code == 0
    assert f"migration {found['migration']} of" in shown.stdout
    assert "lift_sample" in shown.stdout


def test_state_on_plain_postgresql_has_no_policies(postgres: Postgres, tmp_path: Path) -> None:
    plain = postgres.database("plain_state")
    migrate(plain, plain=True)
    found, code = as_json(config(plain, tmp_path))
    assert (found["timescaledb"], found["policies"], found["faults"], code) == ("", [], [], 0)


def test_a_pending_migration_is_a_fault(empty_db: DatabaseSettings, tmp_path: Path) -> None:
    with connect(empty_db, Role.OWNER) as connection:
        connection.execute("DELETE FROM schema_migration WHERE number = 8")
    found, code = as_json(config(empty_db, tmp_path))
    assert found["faults"] == ["migration 0008_edge_orders is pending: run `sunlit db migrate`"]
    assert code == 1


def test_an_empty_database_has_all_migrations_pending(postgres: Postgres, tmp_path: Path) -> None:
    found, code = as_json(config(postgres.database("nothing_here"), tmp_path))
    assert found["faults"][0] == "migration 0001_register is pending: run `sunlit db migrate`"
    assert (found["migration"], code) == (0, 1)


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    away = config(DatabaseSettings(url="postgresql://127.0.0.1:1/gone"), tmp_path)
    for words in (["status"], ["retention"], ["migrate"], ["backup", str(tmp_path / "b")]):
        done = call(*words, "--config", away)
        assert done.exit_code == 1
        assert done.stderr.startswith("sunlit db: database 127.0.0.1/gone: ")
        assert len(done.stderr.splitlines()) == 1


def test_retention_says_what_would_go_and_then_does_it(empty_db: DatabaseSettings, tmp_path: Path) -> None:
    fill(empty_db)
    path = config(empty_db, tmp_path, "[retention]\nraw_days = 450\n")
    for words, left in ((["--dry-run"], 200), ([], 100), ([], 100)):
        done = call("retention", "--config", path, *words)
        assert done.exit_code == 0, done.stderr
        assert set(OLD.statements) <= set(done.stdout.split())
        with connect(empty_db, Role.OWNER) as connection:
            assert connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone() == {"n": left}


@pytest.mark.timescale
def test_policies_chunks_and_compression_are_seen(timescale_db: DatabaseSettings, tmp_path: Path) -> None:
    fill(timescale_db, "0, 3, 3")
    path = config(timescale_db, tmp_path)
    with connect(timescale_db, Role.OWNER) as connection:
        for job, policy in policies(connection).items():
            if policy.job == COLUMNSTORE and policy.relation == "lift_sample":
                connection.execute(f"CALL run_job({job})")
    found, code = as_json(path)
    assert (code, found["faults"]) == (0, [])
    lifts = next(one for one in found["tables"] if one["name"] == "lift_sample")
    assert (lifts["chunks"], lifts["packed_chunks"]) == (2, 1)
    assert lifts["rows"] == 300
    assert lifts["packed_from"] > lifts["packed_to"] > 0
    assert {run["relation"] for run in found["policies"]} == {*SAMPLES, *ROLLUPS}
    shown = call("status", "--config", path).stdout
    assert "times smaller" in shown
    assert "kept 400 d" in shown


@pytest.mark.timescale
def test_a_failed_policy_is_a_fault(timescale_db: DatabaseSettings, tmp_path: Path) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        job = next(job for job, one in policies(connection).items() if one.relation == "lift_day")
        # What TimescaleDB's workers write after a run; none runs in tests.
        row = {**dict.fromkeys(STARTED, "2026-11-20"), **dict.fromkeys(NUMBERS, 0), **dict.fromkeys(DURATIONS, "1 s")}
        connection.execute(
            "INSERT INTO _timescaledb_internal.bgw_job_stat"
            " SELECT (jsonb_populate_record(NULL::_timescaledb_internal.bgw_job_stat, %s)).*",
            (Jsonb({**row, "job_id": job, "last_run_success": False, "total_runs": 1, "total_failures": 1}),),
        )
    found, code = as_json(config(timescale_db, tmp_path))
    assert code == 1
    assert len(found["faults"]) == 1
    assert found["faults"][0].startswith("lift_day: ")


@pytest.mark.timescale
def test_policies_other_than_the_settings_are_a_fault(timescale_db: DatabaseSettings, tmp_path: Path) -> None:
    path = config(timescale_db, tmp_path, "[retention]\nraw_days = 90\n")
    found, code = as_json(path)
    assert (found["faults"], code) == (["6 policies differ from the settings: run `sunlit db migrate`"], 1)
    assert call("migrate", "--config", path).stdout == "up to date\n"
    assert as_json(path)[1] == 0


@pytest.mark.timescale
def test_too_few_processes_for_the_policies_are_a_fault(timescale_db: DatabaseSettings, tmp_path: Path) -> None:
    name = conninfo_to_dict(timescale_db.url)["dbname"]
    with connect(timescale_db, Role.OWNER) as connection:
        connection.execute(f"ALTER DATABASE {name} SET max_parallel_workers = 100".encode())
    found, code = as_json(config(timescale_db, tmp_path))
    assert code == 1
    assert found["faults"][0].startswith("max_worker_processes: 19, expected 103 or more")


@pytest.mark.parametrize(
    "words",
    [
        ("ingest", "audit"),
        ("ingest", "rejects", "list"),
        ("ingest", "strangers"),
        ("device", "list"),
        ("db", "retention"),
        ("db", "backup", "{folder}/one"),
        ("simulate", "city", "--passwords", "{folder}/city.json"),
    ],
)
def test_a_database_without_a_schema_says_what_to_do(
    words: tuple[str, ...], postgres: Postgres, tmp_path: Path
) -> None:
    bare = DatabaseSettings(url=postgres.url("bare"))
    with connect(DatabaseSettings(url=postgres.url("postgres")), Role.OWNER) as connection:
        connection.execute("DROP DATABASE IF EXISTS bare")
    postgres.database("bare")
    told = [word.format(folder=tmp_path) for word in words]
    done = subprocess.run(
        sunlit(*told, "--config", config(bare, tmp_path)), capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "run `sunlit db migrate`" in " ".join(done.stderr.split())
    assert "LINE" not in done.stderr


def test_a_missing_role_is_a_missing_migration() -> None:
    said = 'connection failed: FATAL:  role "sunlit_ingest" does not exist'
    assert fault_of(psycopg.OperationalError(said)) == (
        'not migrated (role "sunlit_ingest" does not exist); run `sunlit db migrate`'
    )
    assert fault_of(psycopg.OperationalError("connection\nrefused")) == "connection refused"
