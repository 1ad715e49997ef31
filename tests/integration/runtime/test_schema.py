"""The data model: migrations, schema.sql, one writer per table, and every statement in the tree."""

import re
from collections import defaultdict
from pathlib import Path

import psycopg
import pytest

from runtime.db import Queries, Role, connect
from runtime.migrate import MigrationError, has_timescale, migrate, migrations
from runtime.schema import dump
from runtime.settings import DatabaseSettings
from runtime.stack.postgres import Postgres

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("ingest", "alerting", "api", "runtime/devices")
ROLE_OF = {
    "ingest": Role.INGEST,
    "alerting": Role.ALERTING,
    "alerting.audit": Role.AUDITOR,
    "alerting.drills": Role.API,
    "api": Role.API,
    "runtime": Role.OWNER,
}
PRIVILEGES = """
SELECT table_name, grantee FROM information_schema.role_table_grants
WHERE table_schema = 'public' AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND grantee LIKE 'sunlit_%'
GROUP BY 1, 2
"""


def test_schema_file_equals_the_sum_of_the_migrations(postgres: Postgres) -> None:
    kept = (ROOT / "contracts/sql/schema.sql").read_text("utf-8")
    plain = postgres.database("plain_schema")
    migrate(plain, plain=True)
    assert dump(postgres.programs, plain.url) == kept, "run `python -m runtime.schema`"


def test_migrating_twice_changes_nothing(empty_db: DatabaseSettings) -> None:
    assert migrate(empty_db) == []


def test_a_changed_migration_is_refused(empty_db: DatabaseSettings) -> None:
    with connect(empty_db, Role.OWNER) as connection:
        connection.execute("UPDATE schema_migration SET sha256 = 'other' WHERE number = 2")
    with pytest.raises(MigrationError, match="0002_telemetry"):
        migrate(empty_db)


def test_the_statements_that_the_docs_give_the_owner_work(empty_db: DatabaseSettings) -> None:
    fill, retire = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/wire.md").read_text("utf-8"), re.DOTALL)
    with connect(empty_db, Role.OWNER) as connection:
        connection.execute(fill)
        connection.execute(
            "INSERT INTO device (code, kind, site, lift_id)"
            " SELECT 'lift-043218', 'lift', 'site-0001', id FROM lift WHERE code = '043218'"
        )
        assert connection.execute(retire).rowcount == 1
        assert connection.execute("SELECT code FROM kitchen").fetchall() == [{"code": "kitchen-1"}]


def test_numbers_have_no_holes() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_table_has_at_most_one_writer(empty_db: DatabaseSettings) -> None:
    writers: dict[str, set[str]] = defaultdict(set)
    with connect(empty_db, Role.OWNER) as connection:
        for row in connection.execute(PRIVILEGES):
            writers[row["table_name"]].add(row["grantee"])
    assert {table: names for table, names in writers.items() if len(names) > 1} == {}
    assert writers["incident"] == {"sunlit_alerting"}
    assert writers["lift_sample"] == {"sunlit_ingest"}
    assert writers["command"] == {"sunlit_api"}
    assert {table for table, names in writers.items() if "sunlit_auditor" in names} == {"alarm", "auditor_beat"}


@pytest.mark.parametrize("table", ["incident", "person", "event", "device", "session", "outbox"])
def test_the_public_role_reads_public_views_only(empty_db: DatabaseSettings, table: str) -> None:
    with connect(empty_db, Role.PUBLIC) as connection:
        assert connection.execute("SELECT count(*) AS n FROM public_lift").fetchone() == {"n": 0}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {table}")


def test_the_timeline_is_append_only(city_db: DatabaseSettings) -> None:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at)"
            " SELECT 'R1', l.id, 'alarm_button', 'received', p.id, now(), now() FROM lift l, policy p"
            " WHERE l.code = '442001' AND p.kind = 'lift'"
        )
        connection.execute(
            "INSERT INTO incident_entry (incident_id, at, actor, action, reason, policy_version)"
            " SELECT id, now(), 'test', 'opened', 'test', 1 FROM incident"
        )
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("UPDATE incident_entry SET reason = 'other'")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("DELETE FROM incident_entry")


def query_files(timescale: bool) -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.sql"))]
    return [path for path in found if timescale or path.name != "timescale.sql"]


def test_every_named_statement_can_be_planned_by_its_service(empty_db: DatabaseSettings) -> None:
    """A statement that names a missing table or column fails here and not at night."""
    faults = []
    with connect(empty_db, Role.OWNER) as connection:
        timescale = has_timescale(connection)
    for path in query_files(timescale):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        reads_views = package == "api.public" and path.name == "queries.sql"
        role = Role.PUBLIC if reads_views else ROLE_OF.get(package) or ROLE_OF[package.split(".")[0]]
        queries = Queries(package, path.name)
        with connect(empty_db, role) as connection:
            for name in queries.statements:
                fault = plan(connection, queries.statements[name])
                if fault:
                    faults.append(f"{path.relative_to(ROOT)}: {name}: {fault}")
    assert faults == []


def plan(connection: psycopg.Connection[dict[str, object]], statement: str) -> str:
    """PREPAREs a statement with untyped parameters and returns what PostgreSQL says against it."""
    order: dict[str, str] = {}

    class Numbered(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return order.setdefault(key, f"${len(order) + 1}")

    if statement.lstrip().upper().startswith(("COPY", "CREATE", "LISTEN", "NOTIFY", "TRUNCATE")):
        return ""
    text = statement.replace("%%", "\0").replace("%(", "%(") % Numbered() if "%(" in statement else statement
    try:
        with connection.transaction():
            connection.execute(f"PREPARE probe AS {text}".replace("\0", "%"))
            connection.execute("DEALLOCATE probe")
    except psycopg.errors.UndefinedTable as error:
        # Batches are copied into temporary tables that exist only inside the writer's transaction.
        return "" if "incoming" in str(error) else str(error).splitlines()[0]
    except psycopg.errors.IndeterminateDatatype:
        return ""
    except psycopg.Error as error:
        return str(error).splitlines()[0]
    return ""
