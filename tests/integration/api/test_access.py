"""Doors: who may come in, who may not, and what a stranger sees."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
PEOPLE = ("operator", "regulator", "owner1", "owner2", "admin")
HASH = HASHER.hash(PASSWORD)
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50
DIGEST = hashlib.sha256(JPEG).hexdigest()
UPLOAD = {
    "Authorization": "Bearer upload-token",
    "X-Sunlit-Device": "cam-k-001-1",
    "X-Captured-At": "2026-11-24T12:00:00Z",
}


@pytest.fixture
def settings(city_db: DatabaseSettings, tmp_path: Path) -> Settings:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
    return Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence", live=tmp_path / "live"))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        yield made


@pytest.fixture
def sign_in(client: TestClient) -> Callable[[str], TestClient]:
    def do(login: str) -> TestClient:
        client.cookies.clear()
        answer = client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303
        return client

    return do


def finding(settings: Settings, kitchen: str = "k-001") -> str:
    with connect(settings.database, Role.OWNER) as connection:
        event = uuid4()
        connection.execute(
            "INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id,"
            " at, opened_at, last_at) SELECT 'F1', k.id, d.id, %s, 'no_hat', 'II', 'pushed', 0.95, p.id, now(), now(),"
            " now()"
            " FROM kitchen k JOIN device d ON d.kitchen_id = k.id AND d.kind = 'camera', policy p"
            " WHERE k.code = %s AND p.kind = 'kitchen'",
            (event, kitchen),
        )
        return str(event)


def test_signing_in_leads_home_and_out_again(client: TestClient, sign_in: Callable[[str], TestClient]) -> None:
    answer = client.post("/login", data={"login": "owner1", "password": PASSWORD}, follow_redirects=False)
    assert answer.headers["location"] == "/kitchen"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/kitchen").status_code == 200
    client.post("/logout")
    assert client.get("/kitchen", follow_redirects=False).headers["location"].startswith("/login?back=")


def test_a_sensor_that_knows_only_half_breaks_no_page(settings: Settings, sign_in: Callable[[str], TestClient]) -> None:
    with connect(settings.database, Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO climate_sample (time, device_id, boot, seq, n, received, humidity)"
            " SELECT now(), d.id, %s, 0, 0, now(), 61 FROM device d JOIN kitchen k ON k.id = d.kitchen_id"
            " WHERE k.code = 'k-001' AND d.kind = 'kitchen_sensor'",
            (uuid4(),),
        )
    page = sign_in("owner1").get("/kitchen/k-001")
    assert page.status_code == 200
    assert "– °C · 61 %" in page.text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(client: TestClient, back: str) -> None:
    values = {"login": "operator", "password": PASSWORD, "back": back}
    answer = client.post("/login", data=values, follow_redirects=False)
    assert answer.headers["location"] == "/board"


def test_a_wrong_password_and_a_stranger_look_the_same_then_the_door_waits(client: TestClient) -> None:
    texts = set()
    for login in ("operator", "nobody"):
        answer = client.post("/login", data={"login": login, "password": "wrong"})
        assert answer.status_code == 401
        texts.add(re.sub(r"\s", "", answer.text))
    assert len(texts) == 1
    for _ in range(4):
        client.post("/login", data={"login": "operator", "password": "wrong"})
    assert client.post("/login", data={"login": "operator", "password": PASSWORD}).status_code == 429


def test_sessions_and_passwords_are_kept_as_hashes_only(
    settings: Settings, sign_in: Callable[[str], TestClient]
) -> None:
    token = sign_in("operator").cookies["sunlit_session"]
    with connect(settings.database, Role.OWNER) as connection:
        kept = [row["token_sha256"] for row in connection.execute("SELECT token_sha256 FROM session").fetchall()]
    assert kept == [hashlib.sha256(token.encode()).hexdigest()]


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("owner1", "/board", 404),
        ("owner1", "/oversight", 404),
        ("operator", "/kitchen", 404),
        ("operator", "/oversight", 404),
        ("regulator", "/board", 404),
        ("regulator", "/kitchen", 404),
        ("owner1", "/kitchen/k-002", 404),
        ("owner2", "/kitchen/finding/F1", 404),
        ("owner2", "/kitchen/finding/F1/picture", 404),
        ("owner1", "/kitchen/finding/F1", 200),
        ("regulator", "/oversight/finding/F1", 200),
        ("operator", "/board/incident/R0", 404),
    ],
)
def test_what_is_not_yours_is_not_there(
    settings: Settings, sign_in: Callable[[str], TestClient], login: str, path: str, status: int
) -> None:
    finding(settings)
    assert sign_in(login).get(path).status_code == status


def test_a_regulator_of_one_town_does_not_see_another(settings: Settings, sign_in: Callable[[str], TestClient]) -> None:
    finding(settings)
    with connect(settings.database, Role.OWNER) as connection:
        connection.execute("UPDATE person_role SET town_code = '442000106' WHERE role = 'regulator'")
    client = sign_in("regulator")
    assert client.get("/oversight/finding/F1").status_code == 404
    assert "F1" not in client.get("/oversight/findings").text


def test_an_owner_of_one_kitchen_sees_that_one_of_the_organisation(
    settings: Settings, sign_in: Callable[[str], TestClient]
) -> None:
    finding(settings)
    with connect(settings.database, Role.OWNER) as connection:
        connection.execute(
            "UPDATE kitchen SET owner_org_id = (SELECT owner_org_id FROM kitchen WHERE code = 'k-001')"
            " WHERE code = 'k-002'"
        )
        connection.execute(
            "UPDATE person_role r SET kitchen_id = k.id FROM kitchen k, person p"
            " WHERE k.code = 'k-002' AND p.id = r.person_id AND p.login = 'owner1'"
        )
    client = sign_in("owner1")
    seen = {path: client.get(path).status_code for path in ("/kitchen/k-001", "/kitchen/k-002", "/kitchen/finding/F1")}
    assert seen == {"/kitchen/k-001": 404, "/kitchen/k-002": 200, "/kitchen/finding/F1": 404}
    assert [client.get(f"/live/camera/cam-k-00{n}-1").status_code for n in (1, 2)] == [404, 200]
    with connect(settings.database, Role.OWNER) as connection:
        # The kitchen is sold: the grant goes with it.
        connection.execute(
            "UPDATE kitchen SET owner_org_id = (SELECT owner_org_id FROM kitchen WHERE code = 'k-003')"
            " WHERE code = 'k-002'"
        )
    assert [client.get(f"{path}").status_code for path in ("/kitchen/k-002", "/live/camera/cam-k-002-1")] == [404, 404]


def test_a_form_without_the_sessions_token_is_refused(settings: Settings, sign_in: Callable[[str], TestClient]) -> None:
    finding(settings)
    client = sign_in("owner1")
    answer = client.post("/kitchen/finding/F1/rectify", data={"note": "done", "csrf": "guessed"})
    assert answer.status_code == 403
    with connect(settings.database, Role.OWNER) as connection:
        assert connection.execute("SELECT count(*) AS n FROM command").fetchone() == {"n": 0}


def test_a_form_from_another_site_is_refused(client: TestClient) -> None:
    headers = {"origin": "https://evil.example"}
    answer = client.post("/login", data={"login": "operator", "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


def test_a_picture_is_kept_under_its_hash_once(
    settings: Settings, client: TestClient, sign_in: Callable[[str], TestClient]
) -> None:
    event = finding(settings)
    address = f"/edge/v1/evidence/{event}/{DIGEST}"
    assert [client.put(address, content=JPEG, headers=UPLOAD).status_code for _ in range(2)] == [201, 200]
    with connect(settings.database, Role.OWNER) as connection:
        custody = connection.execute("SELECT action FROM evidence_custody ORDER BY id").fetchall()
    assert [row["action"] for row in custody] == ["received"]
    (kept,) = settings.api.evidence.rglob("*.jpg")
    assert kept.read_bytes() == JPEG
    assert sign_in("owner1").get("/kitchen/finding/F1/picture").status_code == 415, "no picture, so no mark"


@pytest.mark.parametrize(
    ("change", "content", "status", "words"),
    [
        ({"Authorization": "Bearer wrong"}, JPEG, 401, "may not send"),
        ({"Authorization": "upload-token"}, JPEG, 401, "may not send"),
        ({"X-Sunlit-Device": "cam-k-999-1"}, JPEG, 401, "may not send"),
        ({}, b"GIF89a", 422, "not a JPEG"),
        ({}, JPEG + b"x", 422, "sha256"),
        ({}, JPEG * 20_000, 413, "more than"),
        ({"X-Captured-At": "yesterday"}, JPEG, 422, "x-captured-at"),
    ],
)
def test_uploads_are_refused_in_words(
    client: TestClient, change: dict[str, str], content: bytes, status: int, words: str
) -> None:
    answer = client.put(f"/edge/v1/evidence/{uuid4()}/{DIGEST}", content=content, headers={**UPLOAD, **change})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_a_full_disk_is_said(settings: Settings, client: TestClient) -> None:
    settings.api.evidence.parent.mkdir(exist_ok=True)
    settings.api.evidence.write_text("a file where the folder should be", "utf-8")
    answer = client.put(f"/edge/v1/evidence/{uuid4()}/{DIGEST}", content=JPEG, headers=UPLOAD)
    assert answer.status_code == 507


def test_a_still_is_shown_to_everybody_without_a_cookie(client: TestClient) -> None:
    headers = {name: value for name, value in UPLOAD.items() if name != "X-Sunlit-Device"}
    assert client.put("/edge/v1/still/cam-k-001-1", content=JPEG, headers=headers).status_code == 201
    shown = client.get("/restaurant/k-001/still/cam-k-001-1.jpg")
    assert shown.content == JPEG
    assert "set-cookie" not in shown.headers
    assert client.get("/restaurant/k-002/still/cam-k-001-1.jpg").status_code == 404


@pytest.mark.parametrize("path", ["/", "/lift/442001", "/restaurant/k-001", "/search?q=442", "/open-data", "/login"])
def test_headers_that_protect(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/c/guessed", "/c/../../etc/passwd", "/lift/000000", "/restaurant/%2e%2e", "/nothing"]
)
def test_guessing_finds_nothing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_database_is_away_and_comes_back(city_db: DatabaseSettings, tmp_path: Path) -> None:
    away = DatabaseSettings(url=city_db.url.replace("dbname=", "dbname=no_such_"), connect_timeout_s=1)
    settings = Settings(database=away, api=ApiSettings(evidence=tmp_path))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        answer = client.get("/?lang=en")
        assert answer.status_code == 503
        assert "database is away" in answer.text
        assert client.get("/healthz").json() == {"status": "degraded", "database": "away"}


def test_findings_are_exported_as_csv(settings: Settings, sign_in: Callable[[str], TestClient]) -> None:
    finding(settings)
    answer = sign_in("regulator").get("/oversight/findings?format=csv&state=pushed")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "F1" in answer.text
    assert "F1" not in sign_in("regulator").get("/oversight/findings?format=csv&state=closed").text
