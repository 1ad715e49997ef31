"""The invented city in the database: written in bulk by the owner, and read back as the fleet that speaks."""

from collections.abc import Callable, Mapping

from psycopg import sql

from contracts.kinds import DeviceKind
from runtime.db import Connection
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
        for table, columns in COLUMNS.items():
            _copy(connection, table, columns.split(), getattr(city, table), progress)
        _people(connection, hashes)
    # Plans for an empty table are no plans for a city.
    connection.execute("ANALYZE")


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
