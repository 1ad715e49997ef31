"""The city of the bench: the register of `sunlit simulate`, its past, and so many open incidents."""

from datetime import UTC, datetime
from typing import NamedTuple

from argon2 import PasswordHasher

from api.bench.sql import QUERIES
from runtime.db import Role, connect
from runtime.load.running import Tell
from runtime.settings import DatabaseSettings
from runtime.simulate.history import midnight
from runtime.simulate.register import invent
from runtime.simulate.store import write, write_past

LOGIN, PASSWORD = "operator", "only of the bench"
LOOKED_AT = 100
"""incidents whose pages are opened, in turn"""


class Size(NamedTuple):
    """What a person asked for."""

    lifts: int
    kitchens: int
    days: int
    open: int


class Seeded(NamedTuple):
    """What the database holds, counted, the incidents to look at, and what database it is."""

    counts: dict[str, int]
    numbers: list[str]
    server: str


def seed(database: DatabaseSettings, size: Size, chance: int, tell: Tell) -> Seeded:
    """Writes it all; the same for the same seed. Raises CityError, ValueError, psycopg.Error."""
    now = datetime.now(UTC)
    tell("inventing the city", 0, 1)
    made = invent(chance, size.lifts, size.kitchens, hook="http://bench.invalid", today=now.date())
    with connect(database, Role.OWNER) as connection:
        write(connection, made, {LOGIN: PasswordHasher().hash(PASSWORD)}, tell)
        connection.execute(QUERIES["policies"])
        if size.days:
            write_past(connection, chance, size.days, midnight(now), tell)
        tell("opening incidents", 0, 1)
        with connection.transaction():
            connection.execute(QUERIES["open_incidents"], {"open": size.open})
            for name in ("crews", "stories", "letters", "heard"):
                connection.execute(QUERIES[name])
            looked = connection.execute(QUERIES["looked_at"], {"many": LOOKED_AT}).fetchall()
            connection.execute(QUERIES["samples"], {"lifts": [row["lift_id"] for row in looked]})
        connection.execute("VACUUM ANALYZE")
        row = connection.execute(QUERIES["sizes"]).fetchone()
        server = connection.execute(QUERIES["server"]).fetchone()
    assert row is not None
    assert server is not None
    return Seeded(dict(row), [row["number"] for row in looked], server["name"])
