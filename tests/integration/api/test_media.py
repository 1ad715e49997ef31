"""Pictures and clips of evidence: for whom, for how long, marked with whom, and what stands in the audit afterwards."""

import hashlib
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.media.key import key_of
from api.media.sealed import Pass, seal, unseal
from api.session import HASHER
from contracts.kinds import Role as Person
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
JPEG = cv2.imencode(".jpg", np.full((240, 320, 3), 120, np.uint8))[1].tobytes()
FILM = b"\x00\x00\x00\x18ftypiso5" + bytes(range(256)) * 40
UPLOAD = {
    "Authorization": "Bearer upload-token",
    "X-Sunlit-Device": "cam-k-001-1",
    "X-Captured-At": "2026-11-24T12:00:00Z",
}


class Room:
    """A finding with a picture and a clip, and the pages over it."""

    def __init__(self, settings: Settings, client: TestClient) -> None:
        self.settings, self.client = settings, client
        self.event = uuid4()
        self.rows(
            "INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id,"
            " at, opened_at, last_at) SELECT 'F1', k.id, d.id, %s, 'no_hat', 'II', 'pushed', 0.95, p.id, now(), now(),"
            " now() FROM kitchen k JOIN device d ON d.kitchen_id = k.id AND d.kind = 'camera', policy p"
            " WHERE k.code = 'k-001' AND p.kind = 'kitchen'",
            (self.event,),
        )
        for content, media in ((JPEG, "image/jpeg"), (FILM, "video/mp4")):
            where = f"/edge/v1/evidence/{self.event}/{hashlib.sha256(content).hexdigest()}"
            answer = client.put(where, content=content, headers={**UPLOAD, "Content-Type": media})
            assert answer.status_code == 201, answer.text

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        with connect(self.settings.database, Role.OWNER) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def sign_in(self, login: str) -> TestClient:
        self.client.cookies.clear()
        data = {"login": login, "password": PASSWORD}
        assert self.client.post("/login", data=data, follow_redirects=False).status_code == 303
        return self.client

    def addresses(self, page: str) -> list[str]:
        """The sealed addresses of a page, each once."""
        return list(dict.fromkeys(re.findall(r'(?:src|href)="(/media/[^"]+)"', self.client.get(page).text)))

    def picture(self) -> str:
        """The address of the picture, sealed anew for the owner."""
        led = self.client.get("/kitchen/finding/F1/picture", follow_redirects=False)
        assert led.status_code == 303
        return str(led.headers["location"])

    def looks(self) -> list[tuple[str, str]]:
        found = self.rows("SELECT actor, reason FROM audit_log WHERE action = 'evidence_viewed' ORDER BY id")
        return [(row["actor"], row["reason"]) for row in found]

    def ask(self, reason: str, **form: str) -> Any:
        page = self.client.get("/oversight/finding/F1").text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token
        data = {"csrf": token[1], "what": "finding", "number": "F1", "reason": reason, **form}
        return self.client.post("/media/look", data=data, follow_redirects=False)

    def key(self) -> bytes:
        app = self.client.app
        assert isinstance(app, FastAPI)
        return key_of(app)


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence", live=tmp_path / "live"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        yield Room(settings, client)


def test_an_owner_sees_a_marked_picture_and_a_clip_and_each_look_is_one_row(room: Room) -> None:
    owner = room.sign_in("owner1")
    picture, (film,) = room.picture(), room.addresses("/kitchen/finding/F1")
    shown = owner.get(picture)
    assert shown.headers["content-type"] == "image/jpeg" and "no-store" in shown.headers["cache-control"]
    image = cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None and image.shape == (240, 320, 3) and int(image.max()) - int(image.min()) > 60
    assert room.looks() == [("owner1", "owner of the kitchen")]
    assert owner.get(picture).status_code == 200
    parts = [owner.get(film, headers={"Range": f"bytes={at}-{at + 999}"}) for at in (0, 1000, 2000)]
    assert [part.status_code for part in parts] == [206] * 3
    assert b"".join(part.content for part in parts) == FILM[:3000]
    assert room.looks() == [("owner1", "owner of the kitchen")] * 2, "one for the picture, one for the clip"
    # The page again is another look.
    owner.get(room.picture())
    assert len(room.looks()) == 3
    assert (room.settings.api.evidence).joinpath(*_path(JPEG)).read_bytes() == JPEG, "the original stays as it came"
    assert [row["action"] for row in room.rows("SELECT action FROM evidence_custody ORDER BY id")] == [
        "received", "received", "viewed", "viewed", "viewed"]  # fmt: skip


def _path(content: bytes) -> tuple[str, str]:
    digest = hashlib.sha256(content).hexdigest()
    return digest[:2], f"{digest}.jpg"


def test_a_regulator_says_why_and_no_address_holds_it(room: Room) -> None:
    regulator = room.sign_in("regulator")
    assert room.addresses("/oversight/finding/F1") == []
    assert room.ask("  ").status_code == 403
    back = room.ask("complaint  12", back="/oversight/finding/F1?lang=en").headers["location"]
    assert back.startswith("/oversight/finding/F1?lang=en&look=") and "complaint" not in back
    picture = room.addresses(back)[0]
    assert "complaint" not in picture and regulator.get(picture).status_code == 200
    assert room.looks() == [("regulator", "complaint 12")]
    assert "complaint 12" in regulator.get(back).text
    # A reason for one finding is none for another, none for another person, and none when its time is over.
    assert room.ask("x", number="F2").status_code == 404
    look = back.partition("look=")[2]
    leave = unseal(room.key(), look)
    assert leave is not None
    for other in (
        Pass(leave.person, Person.REGULATOR, "asked", "finding F2", None, leave.asked, "", leave.until),
        Pass(leave.person + 1, Person.REGULATOR, "asked", leave.what, None, leave.asked, "", leave.until),
        Pass(leave.person, Person.REGULATOR, "asked", leave.what, None, leave.asked, "", 1),
        Pass(leave.person, Person.REGULATOR, "asked", leave.what, None, 10**9, "", leave.until),
        # A row of the audit that is no reason that was given.
        Pass(leave.person, Person.REGULATOR, "asked", leave.what, None, leave.asked + 1, "", leave.until),
    ):
        page = f"/oversight/finding/F1?lang=en&look={seal(room.key(), other)}"
        assert room.addresses(page) == [] and "Say again why" in regulator.get(page).text
    assert room.ask("x", back="//evil.example/").headers["location"].startswith("/oversight/finding/F1?")


def test_an_address_is_for_one_person_some_minutes_and_as_long_as_the_right_holds(room: Room) -> None:
    owner = room.sign_in("owner1")
    picture = room.picture()
    sealed = picture.removeprefix("/media/")
    leave = unseal(room.key(), sealed)
    assert leave is not None
    assert 290 <= leave.until - datetime.now(UTC).timestamp() <= 300

    def of(**changes: Any) -> int:
        values = {name: getattr(leave, name) for name in Pass.__struct_fields__} | changes
        return int(owner.get(f"/media/{seal(room.key(), Pass(**values))}").status_code)

    assert of() == 200
    late = owner.get(f"/media/{seal(room.key(), Pass(*(*_values(leave)[:-1], 1)))}?lang=en")
    assert late.status_code == 410 and "has expired" in late.text
    assert of(role=Person.REGULATOR) == of(role=Person.ADMIN) == of(kind="rescue") == of(kind="x") == 404
    assert of(what="F2") == of(item=uuid4()) == of(item=None) == of(person=leave.person + 1) == 404
    assert owner.get(f"{picture}x").status_code == owner.get("/media/guessed").status_code == 404
    for login in ("owner2", "regulator", "operator", "admin"):
        assert room.sign_in(login).get(picture).status_code == 404, login
    room.client.cookies.clear()
    assert room.client.get(picture, follow_redirects=False).status_code == 303, "sign in first"
    owner = room.sign_in("owner1")
    assert owner.get(picture).status_code == 200
    room.rows(
        "UPDATE kitchen SET owner_org_id = (SELECT owner_org_id FROM kitchen WHERE code = 'k-002') WHERE code = 'k-001'"
    )
    assert owner.get(picture).status_code == 404, "a right that was withdrawn"
    assert len(room.looks()) == 1, "what was refused was no look"


def _values(leave: Pass) -> tuple[Any, ...]:
    return tuple(getattr(leave, name) for name in Pass.__struct_fields__)


def test_the_clip_of_a_moment_is_asked_for_through_a_lease(room: Room) -> None:
    room.sign_in("regulator")
    back = room.ask("complaint 12").headers["location"]
    page = room.client.get(back).text
    form = re.search(r'<form method="post" action="/live/camera/cam-k-001-1">(.*?)</form>', page, re.DOTALL)
    assert form
    data = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])}
    answer = room.client.post("/live/camera/cam-k-001-1", data={**data, "mode": "playback"}, follow_redirects=False)
    assert answer.status_code == 303
    (lease,) = room.rows(
        "SELECT reason, mode, round(extract(epoch FROM ends_at - starts_at)) AS s, starts_at < f.opened_at AS before,"
        " ends_at > f.opened_at AS after FROM live_lease, finding f"
    )
    assert lease == {"reason": "complaint 12", "mode": "playback", "s": 45, "before": True, "after": True}
    # A reason for a finding opens no other camera's live picture.
    del data["finding"]
    refused = room.client.post("/live/camera/cam-k-001-1", data={**data, "mode": "live"}, follow_redirects=False)
    assert refused.status_code == 403


def test_what_cannot_be_marked_is_not_shown(room: Room) -> None:
    owner = room.sign_in("owner1")
    room.settings.api.evidence.joinpath(*_path(JPEG)).write_bytes(b"\xff\xd8\xff broken on the disk")
    refused = owner.get(f"{room.picture()}?lang=en")
    assert refused.status_code == 415 and "cannot be marked" in refused.text
    room.settings.api.evidence.joinpath(*_path(JPEG)).unlink()
    assert owner.get(room.picture()).status_code == 404
