"""What the centre hears of a device's clock: right within the message's way, whatever the clock shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.kinds import Lane
from contracts.messages import LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

LIFT = "lift-442001"
BOOT, NEXT_BOOT = UUID(int=1, version=4), UUID(int=2, version=4)
HOUR_MS = 3_600_000
NEAR_MS = 20_000
"""far more than these tests take"""


class Centre:
    def __init__(self, city: DatabaseSettings) -> None:
        self.writer = Writer(connect(city, Role.INGEST), Devices())

    def status(self, ahead_s: float = 0, boot: UUID = BOOT, online: bool = True) -> None:
        at = datetime.now(UTC) + timedelta(seconds=ahead_s)
        said = Status(device=LIFT, boot=boot, at=at, online=online)
        self.writer.write([Raw(str(topic("demo", LIFT, Lane.STATUS)), encode(said))])

    def heard_ms(self) -> int | None:
        row = self.writer.connection.execute("SELECT heard_offset_ms FROM device_status").fetchone()
        return row["heard_offset_ms"] if row else None


@pytest.fixture
def centre(city_db: DatabaseSettings) -> Iterator[Centre]:
    made = Centre(city_db)
    yield made
    made.writer.connection.close()


@pytest.mark.parametrize("ahead_s", [-3600, 0, 3600])
def test_heard_from_the_first_status(centre: Centre, ahead_s: int) -> None:
    centre.status(ahead_s)
    heard = centre.heard_ms()
    assert heard is not None
    assert abs(heard + 1000 * ahead_s) < NEAR_MS


def test_a_message_that_was_late_on_its_way_is_no_clock_that_is_behind(centre: Centre) -> None:
    centre.status()
    centre.status(-300)
    heard = centre.heard_ms()
    assert heard is not None
    assert abs(heard) < NEAR_MS


def test_a_clock_that_was_set_is_heard_at_once_forward_and_after_a_restart_backward(centre: Centre) -> None:
    centre.status()
    centre.status(3600)
    heard = centre.heard_ms()
    assert heard is not None
    assert abs(heard + HOUR_MS) < NEAR_MS
    centre.status(boot=NEXT_BOOT)
    heard = centre.heard_ms()
    assert heard is not None
    assert abs(heard) < NEAR_MS


def test_a_last_will_has_the_time_of_the_beginning_and_says_nothing_of_the_clock(centre: Centre) -> None:
    centre.status(-7200, online=False)
    assert centre.heard_ms() is None
    centre.status()
    centre.status(-7200, online=False)
    heard = centre.heard_ms()
    assert heard is not None
    assert abs(heard) < NEAR_MS


def test_samples_of_a_clock_that_is_hours_off_are_stored_with_both_times(centre: Centre) -> None:
    base = datetime.now(UTC) - timedelta(hours=5)
    message = Telemetry(device=LIFT, boot=BOOT, seq=0, base=base, samples=(LiftSample(speed=1.0),))
    assert centre.writer.write([Raw(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))]).stored == 1
    row = centre.writer.connection.execute("SELECT time, received FROM lift_sample").fetchone()
    assert row is not None
    assert row["time"] == base
    assert row["received"] - row["time"] > timedelta(hours=4)
