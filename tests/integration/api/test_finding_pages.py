"""Pages of lift faults and mutings over a real desk: who sees what, and what becomes of every button."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from alerting.engine import Engine
from alerting.means import Means
from api.app import create_app
from api.reasons import reason
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)


class Room:
    """The pages and a desk at work behind them."""

    def __init__(self, database: DatabaseSettings, client: TestClient) -> None:
        self.database, self.client = database, client
        self.owner = connect(database, Role.OWNER)

    def sign_in(self, login: str) -> "Room":
        self.client.cookies.clear()
        self.client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        return self

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return str(answer.text)

    def post(self, page: str, path: str, **fields: str) -> str:
        """Sends a form of a page; the page that it leads to."""
        token = re.search(r'name="csrf" value="([^"]+)"', self.page(page))
        assert token
        answer = self.client.post(path, data={"csrf": token[1], "command": str(uuid4()), **fields})
        return str(answer.text) if answer.status_code == 200 else str(answer.status_code)

    def event(self, device: str, rule: str, phase: str = "start", **details: Any) -> dict[str, Any]:
        """Something is reported, and the desk has made of it what it makes."""
        now = datetime.now(UTC)
        row = self.owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject,"
            " zone, confidence, body) SELECT gen_random_uuid(), 0, id, gen_random_uuid(), 1, %s, %s, %s, %s, %s, '',"
            " '', 0.95, %s FROM device WHERE code = %s RETURNING id",
            (phase, rule, now, now, now, Jsonb({"details": details}), device),
        ).fetchone()
        assert row
        for _ in range(200):
            if self.owner.execute("SELECT 1 FROM event_handled WHERE event_row = %s", (row["id"],)).fetchone():
                break
            threading.Event().wait(0.05)
        found = self.owner.execute("SELECT * FROM finding ORDER BY id DESC LIMIT 1").fetchone()
        assert found
        return found

    def state(self, number: str) -> str:
        row = self.owner.execute("SELECT state FROM finding WHERE number = %s", (number,)).fetchone()
        assert row
        return str(row["state"])


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
    stop = threading.Event()

    def desk() -> None:
        with connect(city_db, Role.ALERTING) as connection:
            engine = Engine(connection, Means("http://sunlit.test"))
            while not stop.wait(0.05):
                engine.cycle(datetime.now(UTC))

    worker = threading.Thread(target=desk, daemon=True)
    worker.start()
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        made = Room(city_db, client)
        yield made
        made.owner.close()
    stop.set()
    worker.join(5)


def test_a_lift_fault_from_the_queue_to_its_end(room: Room) -> None:
    fault = room.event("lift-442001", "door_not_opening")
    kitchen = room.event("cam-k-001-1", "no_hat")
    room.sign_in("regulator")
    both = room.page("/oversight/findings?lang=en")
    assert fault["number"] in both and kitchen["number"] in both
    lifts = room.page("/oversight/findings?subject=lift&lang=en")
    assert fault["number"] in lifts and kitchen["number"] not in lifts
    assert "442001" in room.page("/oversight/findings?subject=lift&format=csv")
    assert fault["number"] not in room.page("/oversight/findings?subject=kitchen&lang=en")
    page = f"/oversight/finding/{fault['number']}"
    assert "door does not open" in room.page(f"{page}?lang=en")
    assert "live/camera" not in room.page(page)
    for kind, reason_given, state in (
        ("confirm", "seen", "pushed"),
        ("rectify", "new contact", "rectified_claimed"),
        ("reject", "still closed", "pushed"),
        ("case", "third time", "case"),
        ("verify", "new door drive", "closed"),
    ):
        room.post(page, f"{page}/{kind}", reason=reason_given)
        assert room.state(fault["number"]) == state, kind


def test_a_regulator_judges_an_appeal(room: Room) -> None:
    found = room.event("cam-k-001-1", "no_hat")
    own, page = f"/kitchen/finding/{found['number']}", f"/oversight/finding/{found['number']}"
    room.sign_in("owner1").post(own, f"{own}/appeal", note="a hood")
    assert room.state(found["number"]) == "appealed"
    room.sign_in("regulator")
    assert "appeal_accept" in room.page(page)
    room.post(page, f"{page}/appeal_refuse", reason="no hood")
    assert room.state(found["number"]) == "pushed"
    assert f"{own}/appeal" not in room.sign_in("owner1").page(own), "an officer has judged"
    room.sign_in("regulator")
    assert room.post(page, f"{page}/rectify", reason="x") == "404", "only an owner puts a kitchen right"


def test_what_was_told_to_nobody_is_not_on_the_owners_page(room: Room) -> None:
    room.sign_in("operator")
    room.post("/board/quiet", "/board/quiet", what="kitchen", code="k-001", kind="silence", minutes="10",
              owner="x", reason="rebuilding", rule="")  # fmt: skip
    found = room.event("cam-k-001-1", "no_hat")
    assert found["state"] == "muted"
    room.sign_in("owner1")
    room.page(f"/kitchen/finding/{found['number']}", 404)
    assert found["number"] not in room.page("/kitchen")


def test_mutings_are_begun_listed_and_ended(room: Room) -> None:
    room.sign_in("operator")
    asked = {"what": "lift", "code": "442001", "kind": "maintenance", "minutes": "60", "owner": "安捷", "rule": ""}
    shown = room.post("/board/quiet?lang=en", "/board/quiet?lang=en", **asked, reason="new ropes")
    assert "Done." in shown and "new ropes" in shown and "安捷" in shown and "End now" in shown
    assert "muted already" in room.post("/board/quiet?lang=en", "/board/quiet?lang=en", **asked, reason="again")
    wrong = {**asked, "code": "442002", "minutes": "9999"}
    assert "minutes: &#39;9999&#39;" in room.post("/board/quiet?lang=en", "/board/quiet?lang=en", **wrong, reason="x")
    assert room.event("lift-442001", "lift_fault")["state"] == "muted"
    assert "1 waiting" in room.page("/board/quiet?lang=en")
    row = room.owner.execute("SELECT id FROM quiet").fetchone()
    assert row
    shown = room.post("/board/quiet?lang=en", f"/board/quiet/{row['id']}/end?lang=en")
    assert "Nothing is muted." in shown and "Ended in the last 7 days" in shown


def test_whose_mutings_they_are(room: Room) -> None:
    room.owner.execute(
        "UPDATE person_role SET town_code = '442000002'"
        " WHERE person_id = (SELECT id FROM person WHERE login = 'regulator')"
    )
    asked = {"kind": "maintenance", "minutes": "60", "owner": "x", "rule": "", "reason": "x"}
    room.sign_in("operator").post("/board/quiet", "/board/quiet", what="lift", code="442001", **asked)
    row = room.owner.execute("SELECT id FROM quiet").fetchone()
    assert row
    room.sign_in("regulator")
    assert "442001" not in room.page("/board/quiet")
    assert room.post("/board/quiet", "/board/quiet", what="lift", code="442001", **asked) == "404"
    assert room.post("/board/quiet", "/board/quiet", what="device", code="agent-demo", **asked) == "404"
    assert room.post("/board/quiet", f"/board/quiet/{row['id']}/end") == "404"
    assert "442005" in room.post("/board/quiet", "/board/quiet", what="lift", code="442005", **asked)
    room.sign_in("owner1").page("/board/quiet", 404)
    room.client.cookies.clear()
    assert "password" in room.page("/board/quiet"), "a stranger signs in first"


def test_the_public_is_told_nothing_of_faults_silences_and_what_is_muted(room: Room) -> None:
    room.sign_in("operator").post("/board/quiet", "/board/quiet", what="kitchen", code="k-002", kind="silence",
                                  minutes="10", owner="x", reason="x", rule="")  # fmt: skip
    room.event("lift-442001", "overspeed")
    room.event("cam-k-002-1", "no_hat")
    room.event("cam-k-001-1", "no_hat")
    with connect(room.database, Role.PUBLIC) as connection:
        assert connection.execute("SELECT rule, state FROM public_finding").fetchall() == [
            {"rule": "no_hat", "state": "pushed"}
        ]


@pytest.mark.parametrize(
    "said",
    [
        "confidence 0.95, number 3 of its kind: sent to the owner",
        "confidence 1.00: told if it lasts 600 s",
        "it lasts: sent to the maintenance unit",
        "confidence 0.95: sent to the owner",
        "confidence 0.70: a person looks first",
        "still there after the muting: a person looks first",
        "muted by 安捷: 换钢丝绳",
        "ended by itself: mains is back",
        "ended by itself before anybody was told",
        "ended while it was muted",
        "nobody made more of it",
        "in the daily letter",
        "it is back",
        "still overdue, red",
        "nobody has looked",
        "the case is open",
        "the finding stands: 看清了",
        "grid has no contact method",
        "24 devices behind it, 12 of them lifts",
        "the lift is in inspection mode",
    ],
)
def test_reasons_can_be_read_in_chinese(said: str) -> None:
    found = reason("zh", said)
    assert found != said
    assert not re.search(r"[a-z]{3,}", found)
