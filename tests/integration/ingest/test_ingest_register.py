"""Who may speak for whom: the register decides, and nobody uses up another's numbers."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest import devices
from ingest.batch import Written
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID(int=1, version=4)
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(seq: int, site: str = "demo", device: str = LIFT) -> Raw:
    message = Telemetry(device=device, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.0),))
    return Raw(str(topic(site, device, Lane.TELEMETRY)), encode(message))


@pytest.fixture
def connection(city_db: DatabaseSettings) -> Connection:
    return connect(city_db, Role.INGEST)


def reasons(connection: Connection) -> list[str]:
    return [row["reason"] for row in connection.execute("SELECT reason FROM reject ORDER BY id")]


def test_a_device_speaks_from_its_own_place_only(connection: Connection) -> None:
    """Else somebody elsewhere could use up its numbers, and its own messages would pass for repeats."""
    writer = Writer(connection, Devices())
    broken = Raw(str(topic("elsewhere", LIFT, Lane.TELEMETRY)), telemetry(1).payload.replace(b"1.0", b"99"))
    assert writer.write([telemetry(0, site="elsewhere"), broken]) == Written(rejected=2)
    assert writer.write([telemetry(0), telemetry(1)]) == Written(stored=2)
    assert "is registered at 'demo'" in reasons(connection)[0]
    assert connection.execute("SELECT next_seq, rejected FROM stream").fetchall() == [{"next_seq": 2, "rejected": 0}]


def test_a_status_from_elsewhere_changes_nothing(connection: Connection) -> None:
    said = Status(device=LIFT, boot=BOOT, at=NOW, online=False, published_telemetry=900)
    writer = Writer(connection, Devices())
    assert writer.write([Raw(str(topic("elsewhere", LIFT, Lane.STATUS)), encode(said))]).rejected == 1
    assert connection.execute("SELECT count(*) AS n FROM stream").fetchone() == {"n": 0}
    shown = connection.execute("SELECT count(*) AS n FROM device_status WHERE at IS NOT NULL").fetchone()
    assert shown == {"n": 0}


def test_a_retired_device_is_refused_in_words_and_known_again_when_it_returns(
    connection: Connection, city_db: DatabaseSettings
) -> None:
    now = 0.0
    writer = Writer(connection, Devices(clock=lambda: now))
    assert writer.write([telemetry(0)]).stored == 1
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE device SET retired_at = now() WHERE code = %s", (LIFT,))
    now += devices.KNOWN_S
    assert writer.write([telemetry(1)]).rejected == 1
    assert reasons(connection) == [f"device: '{LIFT}' is retired"]
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE device SET retired_at = NULL WHERE code = %s", (LIFT,))
    now += devices.KNOWN_S
    assert writer.write([telemetry(1), telemetry(2)]).stored == 2


def test_who_speaks_and_has_told_no_status_yet_is_there(connection: Connection) -> None:
    """Its status may come minutes later: until then nobody may call it away."""
    Writer(connection, Devices()).write([telemetry(0)])
    assert connection.execute("SELECT online, at FROM device_status").fetchall() == [{"online": True, "at": None}]


def test_a_device_that_moved_a_moment_ago_is_heard_from_its_new_place(
    connection: Connection, city_db: DatabaseSettings
) -> None:
    writer = Writer(connection, Devices())
    assert writer.write([telemetry(0)]).stored == 1
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE device SET site = 'elsewhere' WHERE code = %s", (LIFT,))
    assert writer.write([telemetry(1, site="elsewhere")]).stored == 1
