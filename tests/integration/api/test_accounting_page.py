"""What is not stored, not known or not heard is on the pages: for regulators in numbers, for operators as a call."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
BOOT = UUID(int=7, version=4)


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
        yield connection


@pytest.fixture
def page(city_db: DatabaseSettings, owner: Connection, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    assert owner
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:

        def get(login: str, path: str) -> str:
            client.cookies.clear()
            client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
            answer = client.get(path)
            assert answer.status_code == 200
            return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))

        yield get


def ingest_lives(owner: Connection) -> None:
    owner.execute("INSERT INTO ingest_beat (instance, at) VALUES ('x', now())")


def stream(owner: Connection, code: str, **numbers: int) -> None:
    values = {"stored": 0, "rejected": 0, "lost": 0, "published": 0, "next_seq": 0, **numbers}
    owner.execute(
        "INSERT INTO stream (device_id, boot, lane, first_seen, last_seen, stored, rejected, lost, published, next_seq)"
        " SELECT id, %(boot)s, 'telemetry', now(), now(), %(stored)s, %(rejected)s, %(lost)s, %(published)s,"
        " %(next_seq)s FROM device WHERE code = %(code)s",
        {**values, "boot": BOOT, "code": code},
    )


def hear(owner: Connection, code: str, seconds_ago: float, offset_ms: int | None = None) -> None:
    owner.execute(
        "INSERT INTO device_status (device_id, online, at, seen_at, heard_offset_ms)"
        " SELECT id, true, now(), now() - make_interval(secs => %s), %s FROM device WHERE code = %s",
        (seconds_ago, offset_ms, code),
    )


def silence(owner: Connection, code: str, cause: str = "silent") -> None:
    owner.execute(
        "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, %s, now() - interval '5 min', now()"
        " FROM device WHERE code = %s",
        (cause, code),
    )


def incident(owner: Connection, lift: str, event_at: datetime | None = None) -> None:
    event = UUID(int=11, version=4)
    owner.execute(
        "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at, event_id)"
        " SELECT 'R1', l.id, 'alarm_button', 'dispatched', p.id, now(), now(), %s FROM lift l, policy p"
        " WHERE l.code = %s AND p.kind = 'lift'",
        (event, lift),
    )
    if event_at:
        owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, confidence,"
            " body) SELECT %s, 0, id, %s, 0, 'start', 'alarm_button', %s, %s, now(), 1, '{}' FROM device"
            " WHERE code = %s",
            (event, BOOT, event_at, event_at, f"lift-{lift}"),
        )


def test_an_empty_city_is_not_called_fine(page: Callable[[str, str], str]) -> None:
    text = page("regulator", "/oversight/accounting?lang=en")
    assert "Ingest is away (last heard: never)" in text
    assert "Every device that has ever spoken is heard" not in text


def test_the_equation_and_the_worst_first(page: Callable[[str, str], str], owner: Connection) -> None:
    ingest_lives(owner)
    stream(owner, "lift-442001", stored=90, rejected=4, lost=3, published=100, next_seq=97)
    stream(owner, "lift-442002", stored=50, published=50, next_seq=50)
    stream(owner, "lift-442003", stored=10, published=90, next_seq=10)
    text = page("regulator", "/oversight/accounting?lang=en")
    assert "240 published = 150 stored + 4 rejected + 3 lost + 83 under way or missing" in text
    assert text.index("lift-442003") < text.index("lift-442001")
    assert "lift-442002" not in text.partition("Streams with a rest: 2")[2]
    assert "lift-442002 telemetry 50 50 0 0 0" in page("regulator", "/oversight/accounting?lang=en&device=lift-442002")


def test_gaps_rejects_strangers_silences_and_clocks(page: Callable[[str, str], str], owner: Connection) -> None:
    ingest_lives(owner)
    stream(owner, "lift-442001", stored=10, next_seq=20)
    owner.execute("UPDATE stream SET missing = '{[5,15)}', given_up = '{[5,7)}'")
    for start, end, filled in ((5, 15, None), (1, 3, datetime.now(UTC))):
        owner.execute(
            "INSERT INTO gap SELECT device_id, boot, lane, %s, %s, now(), %s, %s FROM stream",
            (start, end, 0 if filled else 10, filled),
        )
    for code in ("a", "b"):
        owner.execute(
            "INSERT INTO reject (received, topic, payload, reason, digest) VALUES (now(), %s, '', %s, '')",
            (f"sunlit/v1/00/x/{code}/event", f"device: '{code}' is not registered"),
        )
    owner.execute(
        "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, last_event, kept, lanes)"
        " VALUES ('site-9', 'lift-900001', 'unknown', now(), now(), 7, 1, now(), 7, '{event}')"
    )
    for code, offset in (("lift-442001", 3_600_000), ("lift-442002", 200)):
        hear(owner, code, 1, offset)
    silence(owner, "agent-demo", "offline")
    text = page("regulator", "/oversight/accounting?lang=en")
    assert "lift-442001 telemetry 5–14 8" in text, "of the hole's ten, two are told to be lost"
    assert "1 open, 1 filled later" in text
    assert "device: … is not registered 2 2" in text
    assert "lift-900001 alarm 0 s ago site-9 not in the register 7 7 0" in text
    assert "Clocks more than 5 s off: 1" in text
    assert "lift-442001 -3600.0 s the centre" in text
    assert "agent-demo Agent connection lost" in text
    assert "Silent: 1 causes, 25 devices" in text


def test_operators_see_an_alarm_of_a_stranger_and_who_is_silent(
    page: Callable[[str, str], str], owner: Connection
) -> None:
    owner.execute(
        "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, last_event, kept, lanes)"
        " VALUES ('site-9', 'lift-900001', 'unknown', now(), now(), 7, 1, now(), 7, '{event}')"
    )
    silence(owner, "agent-demo")
    hear(owner, "lift-442001", 600)
    incident(owner, "442001")
    text = page("operator", "/board?lang=en")
    assert "Alarm from a device that is not known: lift-900001 at site-9." in text
    # The board is drawn once for all who look, so it names the time; a page of its own says how long ago.
    assert re.search(r"Sensors silent: last heard 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d; what they said is old", text)
    assert re.search(r"Agent agent-demo · 24 devices behind it, 12 of them lifts silent · 20\d\d-", text)
    assert "Sensors silent: last heard 10 min ago" in page("operator", "/board/incident/R1?lang=en")


def test_a_lift_that_is_heard_is_not_called_silent(page: Callable[[str, str], str], owner: Connection) -> None:
    hear(owner, "lift-442001", 1)
    incident(owner, "442001")
    assert "Sensors silent" not in page("operator", "/board?lang=en")
    assert "Sensors silent" not in page("operator", "/board/incident/R1?lang=en")


@pytest.mark.parametrize("apart", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-700_000)])
def test_strips_of_a_lift_whose_clock_is_off(
    page: Callable[[str, str], str], owner: Connection, apart: timedelta
) -> None:
    """Its samples lie by its own clock: they are found, and shown at the centre's time."""
    hear(owner, "lift-442001", 1)
    now = datetime.now(UTC)
    incident(owner, "442001", now + apart)
    owner.execute(
        "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, speed)"
        " SELECT %s, id, %s, 0, 0, now(), 1.25 FROM device WHERE code = 'lift-442001'",
        (now + apart - timedelta(seconds=1), BOOT),
    )
    text = page("operator", "/board/incident/R1?lang=en")
    if abs(apart) < timedelta(days=1):
        assert "1.2 m/s" in text
        assert "the device's clock was 1:00:0" in text or "the device's clock was 59:5" in text


def test_what_a_sensor_said_long_ago_is_not_shown_as_now(page: Callable[[str, str], str], owner: Connection) -> None:
    incident(owner, "442001")
    owner.execute(
        "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, speed)"
        " SELECT now() - interval '2 min', id, %s, 0, 0, now(), 1.25 FROM device WHERE code = 'lift-442001'",
        (BOOT,),
    )
    assert "m/s" not in page("operator", "/board/incident/R1?lang=en")


@pytest.mark.parametrize(("taken", "old"), [("now()", False), ("now() - interval '6 min'", True)])
def test_a_public_still_of_a_camera_that_went_silent_is_not_called_now(
    page: Callable[[str, str], str], owner: Connection, taken: str, old: bool
) -> None:
    owner.execute(
        f"INSERT INTO still (device_id, taken_at, received_at, sha256, picture) SELECT id, {taken}, now(), 'x', 'x'"
        " FROM device WHERE code = 'cam-k-001-1'"
    )
    assert ("not of now" in page("owner1", "/restaurant/k-001?lang=en")) is old
