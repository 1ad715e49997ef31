"""The invented city in the database: written in bulk by the owner, and read back as the fleet that speaks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from contracts.kinds import DeviceKind
from runtime.db import Connection
from runtime.simulate.history import Ground, past
from runtime.simulate.register import City
from runtime.simulate.speakers import Member

COLUMNS: Mapping[str, str] = {
    "town": "code name_zh name_en",
    "organisation": "id code kind name_zh name_en town_code lat lon credit_class",
    "place": "id code kind name_zh name_en address_zh address_en town_code grid_code lat lon property_org_id",
    "lift": "id code place_id name_zh name_en kind maintenance_org_id floors rated_speed rated_load next_inspection"
    " machine_room_note",
    "kitchen": "id code place_id owner_org_id name_zh name_en kind licence",
    "device": "id code kind site lift_id kitchen_id name_zh name_en zone zone_kind commissioned_at",
    "contact_method": "organisation_id channel address priority verified_at",
}
PAST_COLUMNS: Mapping[str, str] = {
    "incident": "id number lift_id event_id rule state tier policy_id people_inside alarm_at opened_at called_at"
    " dispatched_at accepted_at arrived_at released_at sensors_clear_at closed_at cause rescue_method",
    "dispatch": "incident_id tier organisation_id state offered_at accepted_at en_route_at arrived_at arrival_proof"
    " released_at ended_at link_sha256 link_expires",
    "incident_entry": "incident_id at actor action reason tier policy_version",
    "finding": "id number kitchen_id device_id event_id rule class state confidence policy_id at opened_at last_at"
    " due_at due_reason rectified_at verified_at verified_by closed_at pushed_at level",
    "finding_entry": "finding_id at actor action reason policy_version",
}
# login, name, role
PEOPLE = (("admin", "管理员", "admin"), ("operator", "王值班", "operator"), ("regulator", "李监管", "regulator"))
OWNER = ("owner1", "店主1", "owner")
Progress = Callable[[str, int, int], None]
"""table, rows written, rows in all"""


class CityError(ValueError):
    """The database holds no city, or another one; the text says what to do."""


def holds_city(connection: Connection) -> bool:
    """Whether there is a register already."""
    return connection.execute("SELECT 1 FROM town LIMIT 1").fetchone() is not None


def write(connection: Connection, city: City, hashes: Mapping[str, str], progress: Progress) -> None:
    """Writes the whole register in one transaction; `hashes` holds an argon2 hash per login.

    Raises CityError for a database that holds a city.
    """
    if holds_city(connection):
        raise CityError("the database holds a city already; --keep goes on with it")
    with connection.transaction():
        _copy_all(connection, COLUMNS, city, progress)
        _people(connection, hashes)
    # Plans for an empty table are no plans for a city.
    connection.execute("ANALYZE")


def write_past(connection: Connection, seed: int, days: int, today: datetime, progress: Progress) -> int:
    """Writes the rescues and findings of the days before `today`; returns how many. Raises CityError."""
    policies = {
        row["kind"]: row["id"] for row in connection.execute("SELECT kind, max(id) AS id FROM policy GROUP BY kind")
    }
    if not {"lift", "kitchen"} <= policies.keys():
        raise CityError("no policy is active, and a past has to name one: run `sunlit alerting activate` first")
    ground = Ground(
        _pairs(connection, "SELECT id AS a, maintenance_org_id AS b FROM lift WHERE kind = 'passenger' ORDER BY id"),
        _pairs(connection, "SELECT id AS a, kitchen_id AS b FROM device WHERE kind = 'camera' ORDER BY id"),
        policies["lift"],
        policies["kitchen"],
    )
    made = past(seed, days, ground, today)
    with connection.transaction():
        if connection.execute("SELECT FROM incident UNION ALL SELECT FROM finding LIMIT 1").fetchone() is not None:
            raise CityError("the database holds incidents or findings already; a past can only be written before them")
        _copy_all(connection, PAST_COLUMNS, made, progress)
    connection.execute("ANALYZE")
    return len(made.incident) + len(made.finding)


def _pairs(connection: Connection, statement: LiteralString) -> list[tuple[int, int]]:
    return [(row["a"], row["b"]) for row in connection.execute(statement)]


def _copy_all(connection: Connection, tables: Mapping[str, str], rows: object, progress: Progress) -> None:
    for table, columns in tables.items():
        _copy(connection, table, columns.split(), getattr(rows, table), progress)


def _copy(
    connection: Connection, table: str, columns: list[str], rows: list[tuple[object, ...]], progress: Progress
) -> None:
    name = sql.Identifier(table)
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name, listed)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for done, row in enumerate(rows, 1):
            copy.write_row(row)
            if done % 5000 == 0 or done == len(rows):
                progress(table, done, len(rows))
    if "id" in columns and rows:
        # COPY brings its own numbers; whoever adds a row later gets the next one.
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%(table)s, 'id'), %(last)s)", {"table": table, "last": len(rows)}
        )


def _people(connection: Connection, hashes: Mapping[str, str]) -> None:
    for login, name, role in (*PEOPLE, OWNER):
        organisation = "caterer" if role == "owner" else "bureau"
        connection.execute(
            "INSERT INTO person (login, name, organisation_id, password_hash)"
            " SELECT %s, %s, id, %s FROM organisation WHERE kind = %s ORDER BY id LIMIT 1",
            (login, name, hashes.get(login), organisation),
        )
        connection.execute(
            "INSERT INTO person_role (person_id, role, organisation_id)"
            " SELECT id, %s, CASE WHEN %s THEN organisation_id END FROM person WHERE login = %s",
            (role, role == "owner", login),
        )


def fleet(connection: Connection) -> list[Member]:
    """Every device in service, in the order of its number. Raises CityError when there is none."""
    rows = connection.execute(
        "SELECT d.id, d.code, d.kind, d.site, coalesce(l.code, '') AS lift, coalesce(d.kitchen_id, 0) AS kitchen_id,"
        " coalesce(l.floors, 2) AS floors, coalesce(l.rated_speed, 1.75) AS speed,"
        " coalesce(l.kind = 'passenger', false) AS passenger, d.zone"
        " FROM device d LEFT JOIN lift l ON l.id = d.lift_id WHERE d.retired_at IS NULL ORDER BY d.id"
    ).fetchall()
    if not rows:
        raise CityError("the database holds no device; run without --keep to register a city")
    return [
        Member(
            row["id"],
            row["code"],
            DeviceKind(row["kind"]),
            row["site"],
            row["lift"],
            row["kitchen_id"],
            row["floors"],
            row["speed"],
            row["passenger"],
            row["zone"],
        )
        for row in rows
    ]
