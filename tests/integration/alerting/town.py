"""A city whose desk is moved by handing in `now`; for the tests of this folder."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from alerting.engine import Engine
from alerting.means import Means
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

T0 = datetime.now(UTC).replace(microsecond=0)
BOOT = UUID("00000000-0000-4000-8000-000000000001")


class City:
    """What happens in the city, and what the desk makes of it."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.database = database
        self.owner = connect(database, Role.OWNER)
        self.desk = connect(database, Role.ALERTING)
        self.engine = Engine(self.desk, Means("http://sunlit.test"))
        self.now = T0
        self.seq = 0

    def close(self) -> None:
        self.owner.close()
        self.desk.close()

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.engine.cycle(self.now)

    def event(
        self, device: str, rule: str, phase: str = "start", event_id: UUID | None = None, /, **extra: Any
    ) -> UUID:
        identity = event_id or uuid4()
        self.seq += 1
        self.owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject,"
            " zone, confidence, body) SELECT %s, %s, id, %s, %s, %s, %s, %s, %s, %s, %s, zone, %s, %s"
            " FROM device WHERE code = %s",
            (
                identity, 0 if phase == "start" else 1, BOOT, self.seq, phase, rule, self.now, self.now, self.now,
                extra.get("subject", ""), extra.get("confidence", 1.0), Jsonb({"details": extra}), device,
            ),
        )  # fmt: skip
        self.engine.cycle(self.now)
        return identity

    def drill(self, lift: str, rule: str = "alarm_button", receivers: str = "marked", life_s: float = 300) -> UUID:
        """Begins an exercise as `sunlit drill run` does: its row first, then the event that names it."""
        identity = uuid4()
        self.owner.execute(
            "INSERT INTO drill (id, name, lift_id, device_id, receivers, actor, reason, started_at, until)"
            " SELECT %s, 'monthly', lift_id, id, %s, 'test', 'test', %s, %s FROM device WHERE code = %s",
            (identity, receivers, self.now, self.now + timedelta(seconds=life_s), f"lift-{lift}"),
        )
        return self.event(f"lift-{lift}", rule, "start", identity, drill="monthly")

    def command(self, kind: str, reason: str = "", **columns: Any) -> Mapping[str, Any]:
        identity = uuid4()
        args = columns.pop("args", {})
        names = ["id", "kind", "actor", "reason", "args", "created_at", *columns]
        self.owner.execute(
            f"INSERT INTO command ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            (identity, kind, "test", reason, Jsonb(args), self.now, *columns.values()),
        )
        self.engine.cycle(self.now)
        return self.one("SELECT ok, reason FROM command_result WHERE command_id = %s", identity)

    def one(self, statement: str, *values: Any) -> Mapping[str, Any]:
        row = self.owner.execute(statement, values).fetchone()
        assert row is not None, statement
        return row

    def all(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        return self.owner.execute(statement, values).fetchall()

    def incident(self, lift: str = "442001") -> Mapping[str, Any]:
        return self.one(
            "SELECT i.* FROM incident i JOIN lift l ON l.id = i.lift_id WHERE l.code = %s ORDER BY i.id DESC", lift
        )

    def dispatch(self, organisation: str) -> Mapping[str, Any]:
        return self.one(
            "SELECT d.* FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE o.code = %s", organisation
        )

    def operator(self, kind: str, reason: str = "", lift: str = "442001", **args: Any) -> Mapping[str, Any]:
        """A command of a signed-in operator on the newest incident of a lift."""
        person = self.one("SELECT id FROM person ORDER BY id LIMIT 1")["id"]
        incident = self.incident(lift)["id"]
        return self.command(kind, reason, incident_id=incident, actor_person_id=person, args=args)

    def crew(self, code: str, kind: str, reason: str = "", /, **args: Any) -> Mapping[str, Any]:
        dispatch = self.dispatch(code)
        return self.command(kind, reason, incident_id=dispatch["incident_id"], dispatch_id=dispatch["id"], args=args)

    def letters(self, stage: str) -> set[str]:
        rows = self.all("SELECT address FROM outbox WHERE stage = %s AND channel = 'webhook'", stage)
        return {row["address"].rpartition("/")[2] for row in rows}

    def actions(self) -> list[str]:
        return [row["action"] for row in self.all("SELECT action FROM incident_entry ORDER BY id")]
