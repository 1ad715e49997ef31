"""The invented city of the bench: a lift for each alarm, who is called for it, and the fleet of the background."""

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from alerting import activation, policy
from alerting.bench.sql import QUERIES
from runtime.db import Role, connect
from runtime.load.payload import Member
from runtime.settings import DatabaseSettings

SITE, AGENT = "bench-alarms", "agent-bench"


def seed(database: DatabaseSettings, lifts: int, gateway: str) -> list[str]:
    """Enters it and activates the shipped policy; returns the codes of the lifts' devices."""
    with connect(database, Role.OWNER) as connection, connection.transaction():
        for name in ("town", "organisations"):
            connection.execute(QUERIES[name])
        connection.execute(QUERIES["contacts"], {"gateway": gateway})
        connection.execute(QUERIES["places"], {"lifts": lifts})
        connection.execute(QUERIES["lifts"])
        connection.execute(QUERIES["devices"], {"site": SITE})
        connection.execute(QUERIES["agent"], {"site": SITE, "agent": AGENT})
        codes = [row["code"] for row in connection.execute(QUERIES["device_codes"], {"site": SITE})]
    with connect(database, Role.ALERTING) as connection, resources.as_file(resources.files("alerting")) as package:
        chosen = policy.load(Path(package) / "policies" / "lift.toml")
        activation.store(connection, chosen, "bench", datetime.now(UTC))
    return codes


def enrol(database: DatabaseSettings, members: list[Member]) -> tuple[int, int]:
    """Enters the fleet; the first and the last of its ids."""
    with connect(database, Role.OWNER) as connection:
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(QUERIES["fleet"]) as copy:
            for member in members:
                copy.write_row((member.code, "lift", member.site))
        row = connection.execute(QUERIES["fleet_ids"], {"codes": [member.code for member in members]}).fetchone()
    assert row is not None
    return row["first"], row["last"]
