"""The video patrol: own towns only, one reason for all of its cameras, and none in any address."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)


class Room:
    """A regulator at the pages."""

    def __init__(self, settings: Settings, client: TestClient) -> None:
        self.settings, self.client = settings, client
        data = {"login": "regulator", "password": PASSWORD}
        assert client.post("/login", data=data, follow_redirects=False).status_code == 303

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with connect(self.settings.database, Role.OWNER) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/live/patrol").text)
        assert found
        return found[1]

    def begin(self, cameras: list[str], reason: str = "before the holiday", **form: str) -> Any:
        data = {"csrf": self.csrf(), "camera": cameras, "reason": reason, **form}
        return self.client.post("/live/patrol?lang=en", data=data, follow_redirects=False)


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence", live=tmp_path / "live"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        yield Room(settings, client)


def test_one_reason_opens_every_chosen_camera_and_is_logged_for_each(room: Room) -> None:
    chosen = ["cam-k-002-1", "cam-k-001-1"]
    answer = room.begin(chosen, grid="9")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert (
        where.startswith("/live/patrol?camera=cam-k-002-1&camera=cam-k-001-1&grid=9&look=") and "holiday" not in where
    )
    page = room.client.get(where)
    assert "media-src 'self' blob:" in page.headers["content-security-policy"]
    assert re.findall(r'data-camera="([^"]+)"', page.text) == chosen, "as they were chosen"
    assert "before the holiday" in page.text
    (look,) = set(re.findall(r'data-look="([^"]+)"', page.text))
    for camera in chosen:
        data = {"csrf": room.csrf(), "mode": "live", "look": html.unescape(look)}
        opened = room.client.post(f"/live/camera/{camera}", data=data, headers={"accept": "application/json"})
        assert opened.status_code == 201 and opened.json()["why"] == "before the holiday"
    assert room.rows("SELECT object, reason FROM audit_log WHERE action = 'live_opened' ORDER BY id") == [
        {"object": f"camera {camera}", "reason": "before the holiday"} for camera in chosen
    ]
    # The address without its reason chooses the same cameras again, and a reason that was made up is none.
    kept = where.partition("&look=")[0]
    for again in (kept, f"{kept}&look=guessed"):
        text = room.client.get(again).text
        assert "data-camera" not in text and text.count(" checked>") == 3, "two cameras and the size of a page"


def test_what_is_not_of_the_own_towns_is_not_there(room: Room) -> None:
    room.rows("UPDATE person_role SET town_code = '442000106' WHERE role = 'regulator'")
    listed = set(re.findall(r'value="(cam-k-[^"]+)"', room.client.get("/live/patrol").text))
    theirs = {
        row["code"]
        for row in room.rows(
            "SELECT d.code FROM device d JOIN kitchen k ON k.id = d.kitchen_id JOIN place p ON p.id = k.place_id"
            " WHERE p.town_code = '442000106' AND d.kind = 'camera'"
        )
    }
    assert listed == theirs and "cam-k-001-1" not in listed
    assert room.begin(["cam-k-001-1"]).status_code == 404
    assert room.begin(["cam-k-001-1", *theirs]).status_code == 404, "all of them or none"
    assert 'value="cam-k-001-1"' not in room.client.get("/live/patrol?camera=cam-k-001-1").text


def test_those_with_findings_stand_first_and_words_narrow(room: Room) -> None:
    room.rows(
        "INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id, at,"
        " opened_at, last_at) SELECT 'F1', k.id, d.id, gen_random_uuid(), 'no_hat', 'II', 'overdue_red', 0.95, p.id,"
        " now(), now(), now() FROM kitchen k JOIN device d ON d.kitchen_id = k.id AND d.kind = 'camera', policy p"
        " WHERE k.code = 'k-003' AND p.kind = 'kitchen'"
    )
    page = room.client.get("/live/patrol?lang=en").text
    assert re.findall(r'value="(cam-k-[^"]+)"', page)[0] == "cam-k-003-1" and "1 overdue" in page
    found = room.client.get("/live/patrol?words=K-002").text
    assert re.findall(r'value="(cam-k-[^"]+)"', found) == ["cam-k-002-1"]
    assert "No camera of a kitchen" in room.client.get("/live/patrol?words=%25&lang=en").text, "no pattern, but words"


@pytest.mark.parametrize(("count", "reason", "status"), [(0, "x", 422), (10, "x", 422), (1, "  ", 403)])
def test_what_cannot_be_begun(room: Room, count: int, reason: str, status: int) -> None:
    assert room.begin([f"cam-k-00{n + 1}-1" for n in range(count)], reason).status_code == status
    assert room.rows("SELECT 1 FROM audit_log WHERE action = 'look_asked'") == []
