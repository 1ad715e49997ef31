"""Records and rules for regulators: the audit log, alarms, webhooks, policies, rosters and the story of a rescue."""

import csv
import html
import io
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from alerting import activation, policy
from alerting.hooks import book
from api.app import create_app
from api.edge_uploads import keep
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.settings import DatabaseSettings, Settings
from tests.integration.alerting.town import City

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
JPEG = b"\xff\xd8\xff\xd9"


class Reader:
    """Somebody who reads pages in English."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def sign_in(self, login: str) -> None:
        self.client.cookies.clear()
        answer = self.client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(path + ("&" if "?" in path else "?") + "lang=en")
        assert answer.status_code == status, answer.text[-500:]
        return answer

    def words(self, path: str) -> str:
        text = self.get(path).text
        assert "[" not in re.sub(r"<[^>]+>", "", text).replace("[aria", ""), "a text is missing"
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[City]:
    made = City(city_db)
    made.owner.execute("UPDATE person SET password_hash = %s", (HASH,))
    made.owner.execute(
        "WITH p AS (INSERT INTO person (login, name, password_hash) VALUES ('away', 'Away', %s) RETURNING id)"
        " INSERT INTO person_role (person_id, role, town_code) SELECT id, 'regulator', '442000106' FROM p",
        (HASH,),
    )
    yield made
    made.close()


@pytest.fixture
def reader(city: City, tmp_path: Path) -> Iterator[Reader]:
    settings = Settings(database=city.database, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        client.app.state.folder = tmp_path / "e"  # type: ignore[attr-defined]
        yield Reader(client)


def test_the_audit_log_is_searched_and_the_search_is_in_it(city: City, reader: Reader) -> None:
    city.event("lift-442001", "trapped_non_level")
    incident = city.incident()
    city.owner.execute(
        "INSERT INTO audit_log (at, actor, action, object, reason) VALUES"
        " (now() - interval '3 days', 'wang', 'evidence_viewed', 'incident ' || %(id)s, 'complaint 17'),"
        " (now(), 'li', 'live_opened', 'camera cam-k-001-1', 'patrol'),"
        " (now(), 'li', 'token_made', 'token 3', '')",
        {"id": incident["id"]},
    )
    reader.sign_in("admin")
    text = reader.words("/oversight/audit")
    assert all(word in text for word in ("complaint 17", incident["number"], "opened a camera", "token 3"))
    text = reader.words("/oversight/audit?words=COMPLAINT&person=wang")
    assert "complaint 17" in text and "patrol" not in text
    assert "No line matches" in reader.words("/oversight/audit?to=2020-01-01")
    assert incident["number"] in reader.words(f"/oversight/audit?object={incident['number']}")
    rows = list(csv.DictReader(io.StringIO(reader.get("/oversight/audit?action=token_made&format=csv").text[1:])))
    assert [row["object"] for row in rows] == ["token 3"]
    assert "from: 'x', expected a day" in reader.get("/oversight/audit?from=x", 422).text.replace("&#39;", "'")
    searches = city.all("SELECT action, details FROM audit_log WHERE starts_with(action, 'audit_') ORDER BY id")
    assert searches[1]["details"] == {"words": "COMPLAINT", "person": "wang"}
    assert searches[-1]["action"] == "audit_exported"
    # Page by page without a line of its own.
    city.owner.execute(
        "INSERT INTO audit_log (actor, action, object) SELECT 'x', 'live_ended', 'camera cam-k-001-1'"
        " FROM generate_series(1, 120)"
    )
    before = city.one("SELECT count(*) AS n FROM audit_log WHERE action = 'audit_searched'")["n"]
    page = reader.get("/oversight/audit?action=live_ended").text
    older = html.unescape(re.search(r'href="(/oversight/audit\?[^"]*before=[^"]*)"', page)[1])  # type: ignore[index]
    assert reader.client.get(older).text.count("<tr>") == 21
    assert city.one("SELECT count(*) AS n FROM audit_log WHERE action = 'audit_searched'")["n"] == before + 1


def test_a_regulator_sees_what_is_about_their_towns_and_their_own_acts(city: City, reader: Reader) -> None:
    person = city.one("SELECT id FROM person WHERE login = 'away'")["id"]
    city.owner.execute(
        "INSERT INTO audit_log (person_id, actor, action, object, reason) VALUES"
        " (NULL, 'li', 'live_opened', 'camera cam-k-001-1', 'not-theirs'),"
        " (NULL, 'li', 'token_made', 'token 3', 'of-no-town'),"
        " (%s, 'away', 'clip_taken', 'camera cam-k-001-1', 'own-act')",
        (person,),
    )
    reader.sign_in("away")
    text = reader.words("/oversight/audit")
    assert "own-act" in text and "not-theirs" not in text and "of-no-town" not in text
    reader.sign_in("regulator")
    text = reader.words("/oversight/audit")
    assert "not-theirs" in text and "of-no-town" not in text
    for path in ("/oversight/audit", "/oversight/policies", "/oversight/rosters", "/oversight/alarms"):
        reader.sign_in("operator")
        reader.get(path, 404)
    reader.sign_in("away")
    reader.get("/oversight/alarms", 404)
    reader.get("/oversight/webhooks", 404)


def test_alarms_and_webhooks_that_do_not_answer(city: City, reader: Reader) -> None:
    reader.sign_in("regulator")
    assert "has never run" in reader.words("/oversight/alarms")
    reader.sign_in("admin")
    assert "No other system is registered" in reader.words("/oversight/webhooks")
    city.owner.execute("INSERT INTO auditor_beat (instance, at) VALUES ('a-1', now())")
    assert "Nothing is wrong" in reader.words("/oversight/alarms")
    city.owner.execute(
        "INSERT INTO alarm (auditor, name, grave, since, opened_at, weight, details, words_zh, words_en, ended_at)"
        " VALUES ('a-1', 'database', true, now(), now(), 1, '{}', '数据库', 'the database is away', NULL),"
        " ('a-1', 'disk', false, now(), now(), 1, '{}', '磁盘', 'the disk is full', now())"
    )
    hook = book.NewHook(name="bureau", url="https://bureau.example/secret-path", secret="x" * 30)
    book.add(city.owner, hook, "wang", private=False)
    city.owner.execute(
        "INSERT INTO webhook_state (webhook_id, epoch, cursor, failing_since, stopped_at, last_answer)"
        " SELECT id, 1, 0, now() - interval '3 days', now(), 'HTTP 503' FROM webhook"
    )
    text = reader.words("/oversight/alarms")
    assert all(word in text for word in ("the database is away", "the disk is full", "Webhook bureau does not answer"))
    text = reader.words("/oversight/webhooks")
    assert "bureau.example/…" in text and "HTTP 503" in text and "secret-path" not in text


def test_policies_in_words_and_two_versions_side_by_side(city: City, reader: Reader, tmp_path: Path) -> None:
    shipped = (ROOT / "alerting/policies/lift.toml").read_text("utf-8")
    file = tmp_path / "lift.toml"
    file.write_text(shipped.replace("accept_s = 180 ", "accept_s = 150 "), "utf-8")
    activation.store(city.owner, policy.load(file), "Wang <b>", datetime.now(UTC))
    city.owner.execute(
        "INSERT INTO policy (kind, version, body, sha256, activated_at, author)"
        " VALUES ('kitchen', 9, %s, 'x', now(), 'y')",
        (Jsonb({"kind": "kitchen", "version": 9, "rectify_s": 60}),),
    )
    reader.sign_in("regulator")
    assert "Wang <b>" in reader.words("/oversight/policies")
    text = reader.words("/oversight/policies/lift/2?against=1")
    assert "1 differences." in text and "Tier 1 has to accept within 3 min 150 s" in text
    assert "a remote place" in reader.words("/oversight/policies/lift/1")
    for kind in ("kitchen", "fault"):
        assert "class II (within a limit)" in reader.words(f"/oversight/policies/{kind}/1")
    assert "rectify_s" in reader.words("/oversight/policies/kitchen/9")
    got = tmp_path / "got.toml"
    for kind in ("lift", "kitchen", "fault"):
        got.write_text(reader.get(f"/oversight/policies/{kind}/1?format=toml").text, "utf-8")
        assert policy.load(got) == policy.load(ROOT / f"alerting/policies/{kind}.toml")
        assert tomllib.loads(got.read_text("utf-8"))["kind"] == kind
    for path in ("lift/7", "lift/0", "nothing/1", f"lift/{2**40}"):
        reader.get(f"/oversight/policies/{path}", 404)


def test_rosters_show_holes_and_names_only_to_admins(city: City, reader: Reader) -> None:
    unit = city.one("SELECT id, code FROM organisation WHERE kind = 'maintenance' ORDER BY code")
    names = ("Zhao Liu", "Qian Qi")
    people = [
        city.one(
            "INSERT INTO person (login, name, organisation_id) VALUES (%s, %s, %s) RETURNING id", name, name, unit["id"]
        )["id"]
        for name in names
    ]
    now = datetime.now(UTC)
    city.owner.execute("INSERT INTO roster VALUES (%s, 'Asia/Shanghai', 'test', now())", (unit["id"],))
    city.owner.execute(
        "INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at) VALUES (%s, %s, %s, %s)",
        (unit["id"], people[0], now - timedelta(hours=1), now + timedelta(days=2)),
    )
    city.owner.execute(
        "INSERT INTO duty_substitute (organisation_id, person_id, substitute_id, starts_at, ends_at, reason)"
        " VALUES (%s, %s, %s, %s, %s, 'ill-7qx')",
        (unit["id"], *people, now - timedelta(minutes=1), now + timedelta(hours=1)),
    )
    city.owner.execute(
        "INSERT INTO duty_day (day, works_as, name_zh, name_en) VALUES (%s, 'holiday', '元旦', 'New Year')",
        ((now + timedelta(days=2)).date(),),
    )
    reader.sign_in("admin")
    text = reader.words("/oversight/rosters?kind=maintenance")
    assert "Qian Qi" in text and "substitute" in text and "nobody is on duty" in text and "New Year" in text
    assert "ill-7qx" not in text
    reader.sign_in("regulator")
    text = reader.words("/oversight/rosters")
    assert "Qian Qi" not in text and "one person" in text
    page = reader.get("/oversight/rosters").text
    assert 'class="swap"' in page and 'class="hole"' in page
    # The address of none of their contact methods.
    addresses = [row["address"] for row in city.all("SELECT address FROM contact_method")]
    assert not [address for address in addresses if address in page]


def test_the_story_of_a_rescue_and_its_photos(city: City, reader: Reader) -> None:
    city.event("lift-442001", "trapped_non_level")
    incident = city.incident()
    number, photo = incident["number"], uuid4()
    keep(reader.client.app.state.folder, "a" * 64, JPEG)  # type: ignore[attr-defined]
    city.owner.execute(
        "INSERT INTO evidence (id, incident_id, kind, media, sha256, bytes, captured_at, source)"
        " VALUES (%s, %s, 'rescue', 'image/jpeg', %s, 4, now(), 'mu-1')",
        (photo, incident["id"], "a" * 64),
    )
    reader.sign_in("regulator")
    text = reader.words(f"/oversight/incident/{number}")
    assert "answer, after the call 03:00" in text and "The crews sent 1 photos." in text
    assert f"/rescue/{number}/photo/" not in reader.get(f"/oversight/incident/{number}").text
    assert str(photo) not in reader.get(f"/oversight/incident/{number}?look=guessed").text
    assert city.one("SELECT count(*) AS n FROM audit_log WHERE action = 'evidence_viewed'")["n"] == 0
    reader.sign_in("away")
    reader.get(f"/oversight/incident/{number}", 404)
