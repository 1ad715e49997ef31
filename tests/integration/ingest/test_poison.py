"""What no message may do: stop its lane. Whatever is refused, by whom, ends in `reject`; its neighbours are stored."""

import random
import string
from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.kinds import CameraState, Lane, Phase, Rule
from contracts.messages import CameraSample, ClimateSample, Event, LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.batch import Written
from ingest.devices import Devices
from ingest.sql import QUERIES
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID("00000000-0000-4000-8000-00000000000b")
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
EVENT = Event(
    id=UUID("019ab5d2-7c00-7a31-8c44-5d0f6f1a2b3c"),
    device=LIFT,
    boot=BOOT,
    seq=1,
    phase=Phase.START,
    rule=Rule.ALARM_BUTTON,
    at=NOW,
    observed=NOW,
)


def telemetry(seq: int, *samples: LiftSample | CameraSample | ClimateSample, base: datetime = NOW) -> Raw:
    message = Telemetry(device=LIFT, boot=BOOT, seq=seq, base=base, samples=samples or (LiftSample(speed=1.0),))
    return Raw(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))


def event(old: bytes, new: bytes) -> Raw:
    payload = encode(EVENT)
    assert old in payload
    return Raw(str(topic("demo", LIFT, Lane.EVENT)), payload.replace(old, new))


def status(clock_offset_ms: int) -> Raw:
    made = Status(device=LIFT, boot=BOOT, at=NOW, online=True, clock_offset_ms=clock_offset_ms)
    return Raw(str(topic("demo", LIFT, Lane.STATUS)), encode(made))


LONG_NAME = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=20_000))
POISON = {
    "a time past the last year": telemetry(1, LiftSample(dt=86_400_000), base=LAST_INSTANT),
    "a time before the first year": event(b'"at":"2026-11-24T12:00:00Z"', b'"at":"0001-01-01T00:00:00+12:00"'),
    "more people than an int4 holds": telemetry(1, CameraSample(state=CameraState.ACTIVE, people=2**40)),
    "a NUL in a text": event(b'"zone":""', b'"zone":"\\u0000"'),
    "a NUL in the details": event(b'"details":{}', b'"details":{"a":"\\u0000"}'),
    "half a character": event(b'"zone":""', b'"zone":"\\ud800"'),
    "half a character in the details": event(b'"details":{}', b'"details":{"a":"\\ud800"}'),
    "an offset past int8": event(b'"clock_offset_ms":null', b'"clock_offset_ms":' + b"9" * 30),
    "a number of 5,000 digits": event(b'"details":{}', b'"details":{"a":' + b"9" * 5000 + b"}"),
    "a status with an offset past int8": status(clock_offset_ms=2**63 + 1),
    "a topic longer than an index entry": Raw(f"sunlit/v1/00/{LONG_NAME}/{LIFT}/telemetry", b"{}"),
    "a topic with a NUL": Raw("sunlit/v1/00/a\0b/lift/telemetry", b"{}"),
}


@pytest.fixture
def writer(city_db: DatabaseSettings) -> Writer:
    return Writer(connect(city_db, Role.INGEST), Devices())


@pytest.mark.parametrize("name", POISON)
def test_poison_is_kept_and_its_neighbours_are_stored(writer: Writer, name: str) -> None:
    written = writer.write([telemetry(0), POISON[name], telemetry(2)])
    assert written == (2, 0, 1)
    kept = writer.connection.execute("SELECT payload, reason FROM reject").fetchall()
    assert [row["payload"] for row in kept] == [POISON[name].payload]
    assert kept[0]["reason"]
    stored = writer.connection.execute("SELECT seq FROM lift_sample ORDER BY seq").fetchall()
    assert [row["seq"] for row in stored] == [0, 2]


def test_one_identity_is_stored_once_even_with_two_contents(writer: Writer) -> None:
    later = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert writer.write([telemetry(0), telemetry(0, base=later)]) == Written(stored=1, duplicates=1)
    assert writer.connection.execute("SELECT time FROM lift_sample").fetchall() == [{"time": NOW}]


def test_a_device_that_was_registered_late_is_accounted_for(writer: Writer, city_db: DatabaseSettings) -> None:
    """What came before its registration is in `reject`, and the audit knows it from what is missing."""
    code = "lift-late"
    messages = [
        Raw(raw.topic.replace(LIFT, code), raw.payload.replace(LIFT.encode(), code.encode()))
        for raw in (telemetry(seq) for seq in range(5))
    ]
    assert writer.write(messages[:3]).rejected == 3
    assert writer.write(messages[:1]).rejected == 1
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("INSERT INTO device (code, kind, site) VALUES (%s, 'lift', 'demo')", (code,))
    registered = Writer(writer.connection, Devices())
    assert registered.write(messages[3:]) == Written(stored=2)
    # A redelivery may yet store one that was refused before: it counts once.
    assert registered.write(messages[2:3]) == Written(stored=1)
    rows = writer.connection.execute(QUERIES["audit"]).fetchall()
    assert [(row["published"], row["stored"], row["rejected"], row["unexplained"]) for row in rows] == [(5, 3, 2, 0)]
