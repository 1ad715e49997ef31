"""A city whose desk is driven by hand: events and commands as rows, time as an argument."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from alerting.engine import Engine
from alerting.means import Means
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

T0 = datetime.now(UTC).replace(microsecond=0)
BOOT = UUID("00000000-0000-4000-8000-000000000001")
BOUNDS = ("lock_timeout=100ms", "idle_in_transaction_session_timeout=300ms")
"""the engine's own limits, scaled down"""


class DeskCity:
    """One desk, and what it has made of what happened."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.database = database
        self.owner = connect(database, Role.OWNER)
        self.desk = connect(database, Role.ALERTING, "lock_timeout=100ms")
        self.engine = Engine(self.desk, Means("http://sunlit.test"))
        self.seq = 0

    def close(self) -> None:
        self.owner.close()
        self.desk.close()

    def event(
        self,
        lift: str,
        rule: str = "trapped_non_level",
        phase: str = "start",
        *,
        at: datetime = T0,
        by: Connection | None = None,
        identity: UUID | None = None,
    ) -> UUID:
        """Writes the row only; whoever cycles handles it."""
        self.seq += 1
        made = identity or uuid4()
        (by or self.owner).execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject,"
            " zone, confidence, body) SELECT %s, %s, id, %s, %s, %s, %s, %s, %s, %s, '', zone, 1, %s"
            " FROM device WHERE code = %s",
            (made, int(phase != "start"), BOOT, self.seq, phase, rule, at, at, at, Jsonb({}), f"lift-{lift}"),
        )
        return made

    def command(self, kind: str, by: Connection | None = None, at: datetime = T0, **columns: Any) -> UUID:
        identity = uuid4()
        names = ["id", "kind", "actor", "created_at", *columns]
        (by or self.owner).execute(
            f"INSERT INTO command ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            (identity, kind, "test", at, *columns.values()),
        )
        return identity

    def all(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        return self.owner.execute(statement, values).fetchall()

    def lifts(self) -> list[str]:
        """The lifts with an incident, in the order in which they were opened."""
        rows = self.all("SELECT l.code FROM incident i JOIN lift l ON l.id = i.lift_id ORDER BY i.id")
        return [row["code"] for row in rows]

    def actions(self, action: str) -> list[dict[str, Any]]:
        return self.all("SELECT at, tier, reason FROM incident_entry WHERE action = %s ORDER BY id", action)

    def tiers(self) -> list[int]:
        return [row["tier"] for row in self.actions("tier_called")]
