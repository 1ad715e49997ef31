"""An alarm notes that its device spoke, and waits for nobody who holds that device's row."""

from datetime import UTC, datetime

from ingest import statuses
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_a_row_in_another_s_hands_is_left_to_them(city_db: DatabaseSettings) -> None:
    """Telemetry holds the row while it waits for the event's stream: a wait here was a deadlock of both lanes."""
    with connect(city_db, Role.INGEST) as telemetry, connect(city_db, Role.INGEST) as alarm:
        found = telemetry.execute("SELECT id FROM device WHERE kind = 'lift' ORDER BY id LIMIT 2").fetchall()
        held, new = (int(row["id"]) for row in found)
        statuses.seen(telemetry, [held], NOW)
        alarm.execute("SET lock_timeout = '2s'")
        with telemetry.transaction():
            telemetry.execute("UPDATE device_status SET agent = 'writing' WHERE device_id = %s", (held,))
            statuses.seen(alarm, [held, new], NOW)
        rows = alarm.execute("SELECT device_id FROM device_status ORDER BY device_id").fetchall()
    assert [row["device_id"] for row in rows] == [held, new]
