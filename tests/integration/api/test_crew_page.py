"""A crew's phone: every step by pressing what the page shows, and what the page says when there is nothing to press."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest

from runtime.settings import DatabaseSettings
from tests.integration.api.desk_room import Room, open_room, until

LIFT = "442001"
SECRET = b"GPS 22.5170 N 113.3820 E"


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with open_room(city_db, tmp_path) as made:
        yield made


@pytest.fixture
def link(room: Room) -> str:
    room.phone(LIFT, people=2)
    return room.link(LIFT)


def photo() -> bytes:
    _, coded = cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))
    plain = bytes(coded)
    told = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0\0\0\0\0" + SECRET
    return plain[:2] + b"\xff\xe1" + (len(told) + 2).to_bytes(2, "big") + told + plain[2:]


def come(room: Room, link: str) -> None:
    room.press(link, "/accept")
    room.press(link, "/en_route", {"eta_minutes": "8"})
    room.press(link, "/arrived", {"proof": "qr", "code": LIFT})


def test_from_the_call_to_the_record(room: Room, link: str) -> None:
    page = room.client.get(f"{link}?lang=en").text
    for words in ("Kaiyin Xincheng", "2 inside", "geo:22.5233,113.3771", "tel:96333", "Next", "tier 2"):
        assert words in page
    come(room, link)
    page = room.press(f"{link}?lang=en", "/released", {"people": "2"})
    assert "Please record cause and method" in page
    incident = room.incident(LIFT)
    assert incident is not None and incident["released_at"] is not None
    room.press(link, "/record", {"cause": "door_system/door_lock", "method": "open_at_level"})
    (command,) = room.commands("record")
    assert command["args"] == {"cause": "door_system", "sub_cause": "door_lock", "method": "open_at_level"}


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(room: Room, link: str, method: str) -> None:
    """Chat programs open a link to show a preview of it."""
    for path in (link, f"{link}?lang=en", f"{link}/now", f"{link}/accept", f"{link}/photo", "/c/offline.js"):
        getattr(room.client, method)(path)
    assert room.all("SELECT 1 FROM command WHERE kind <> 'open_by_phone'") == []
    assert room.one("SELECT state FROM dispatch")["state"] == "offered"


def test_pressed_twice_it_happens_once(room: Room, link: str) -> None:
    form = room.form(link, "/accept")
    for _ in range(2):
        assert "done" in str(room.client.post(form.action, data=form.values).url)
    other_tab = room.form(f"{link}/../{link.rpartition('/')[2]}", "/en_route")
    room.client.post(form.action, data={**form.values, "command": str(uuid4())})
    assert other_tab.action.endswith("/en_route")
    assert len(room.all("SELECT 1 FROM incident_entry WHERE action = 'crew_accepted'")) == 1
    assert len(room.commands("accept")) == 2


def test_a_tap_that_waited_keeps_its_own_time_by_the_centres_clock(room: Room, link: str) -> None:
    room.owner.execute("UPDATE dispatch SET offered_at = offered_at - interval '10 minutes'")
    form = room.form(link, "/accept")
    # The phone's clock may say anything: only how long it waited counts.
    room.client.post(form.action, data={**form.values, "waited_s": "240", "client_at": "2001-01-01T00:00:00Z"})
    row = room.one("SELECT extract(epoch FROM clock_timestamp() - accepted_at) AS s FROM dispatch")
    assert 239 < row["s"] < 260


@pytest.mark.parametrize("waited", ["", "-5", "nan", "1e9", "soon"])
def test_a_wait_that_makes_no_sense_is_now(room: Room, link: str, waited: str) -> None:
    form = room.form(link, "/accept")
    room.client.post(form.action, data={**form.values, "waited_s": waited})
    (command,) = room.commands("accept")
    assert command["client_at"] is None


def test_a_crew_cannot_vouch_for_itself_but_can_ask(room: Room, link: str) -> None:
    room.press(link, "/accept")
    room.press(link, "/en_route")
    form = room.form(link, "/arrived")
    answer = room.client.post(form.action, data={**form.values, "proof": "override", "code": "", "reason": "I am here"})
    assert answer.status_code == 200
    assert room.one("SELECT arrived_at FROM dispatch")["arrived_at"] is None
    form = room.form(link, "/arrived", {"proof": "ask"})
    page = room.client.post(f"{form.action}?lang=en", data={**form.values, "reason": "the sign is gone"}).text
    assert "The operator was asked at" in page
    assert room.one("SELECT arrived_at FROM dispatch")["arrived_at"] is None
    entry = room.one("SELECT reason FROM incident_entry WHERE action = 'override_asked'")
    assert entry["reason"].endswith("the sign is gone")
    assert "已于" in room.client.get(f"{link}?lang=zh").text


def test_fewer_out_than_inside_goes_on_until_nobody_is_left(room: Room, link: str) -> None:
    come(room, link)
    page = room.press(f"{link}?lang=en", "/released", {"people": "1"})
    assert "1 out so far" in page
    assert room.one("SELECT released_at FROM incident")["released_at"] is None
    room.press(link, "/released", {"people": "1", "all": "yes"})
    assert room.one("SELECT released_at FROM incident")["released_at"] is not None


def test_a_crew_tells_of_danger_and_it_stays(room: Room, link: str) -> None:
    come(room, link)
    room.press(link, "/facts", {"hazards": "fire"})
    assert room.one("SELECT hazards FROM incident")["hazards"] == ["fire"]
    page = room.press(f"{link}?lang=en", "/released", {"people": "2", "hazards": "injury"})
    row = room.one("SELECT hazards, released_at, emergency_at FROM incident")
    assert row["hazards"] == ["fire", "injury"]
    assert row["released_at"] is not None and row["emergency_at"] is not None, "an ambulance was called"
    assert "fire or smoke" in page


def test_a_new_time_of_arrival(room: Room, link: str) -> None:
    room.press(link, "/accept")
    room.press(link, "/en_route", {"eta_minutes": "10"})
    first = room.one("SELECT eta_at FROM dispatch")["eta_at"]
    page = room.press(f"{link}?lang=en", "/en_route", {"eta_minutes": "30"})
    later = room.one("SELECT eta_at FROM dispatch")["eta_at"]
    assert 1190 < (later - first).total_seconds() < 1210
    assert "You said you would be there at" in page


@pytest.mark.parametrize("code", [LIFT, f" {LIFT} ", f"https://sunlit.example/lift/{LIFT}?from=sign"])
def test_the_sign_may_hold_an_address(room: Room, link: str, code: str) -> None:
    room.press(link, "/accept")
    room.press(link, "/en_route")
    room.press(link, "/arrived", {"proof": "qr", "code": code})
    assert room.one("SELECT arrival_proof FROM dispatch")["arrival_proof"] == "qr"


def test_refusals_are_in_the_readers_language(room: Room, link: str) -> None:
    room.press(link, "/accept")
    room.press(link, "/en_route")
    page = room.press(f"{link}?lang=zh", "/arrived", {"proof": "qr", "code": "442002"})
    assert "本梯编号应为 442001" in page
    assert "expected" not in page.partition("<main")[2]


def test_declining_and_coming_after_all(room: Room, link: str) -> None:
    page = room.press(f"{link}?lang=zh", "/decline", {"reason": "no_vehicle"})
    assert "已记录：您不能前往。" in page
    assert room.one("SELECT decline_reason FROM dispatch WHERE tier = 1")["decline_reason"] == "no_vehicle"
    assert "前往中" not in page
    form = room.form(link, "/accept")
    room.client.post(form.action, data=form.values)
    assert room.one("SELECT state FROM dispatch WHERE tier = 1")["state"] == "accepted"


def test_handing_over_names_the_nearest_first_or_takes_a_code(room: Room, link: str) -> None:
    page = room.client.get(f"{link}?lang=en").text
    names = re.findall(r'<option value="((?:mu|rs|city)-[\w-]+)">', page)
    assert names[0] == "rs-1", "the station of Shiqi is nearest to a lift in Shiqi"
    assert "mu-1" not in names, "it was asked already"
    room.press(link, "/hand_over", {"reason": "van broke down", "organisation": "rs-1", "code": "rs-2"})
    (command,) = room.commands("hand_over")
    assert (command["args"], command["reason"]) == ({"organisation": "rs-2"}, "van broke down")


def test_an_old_link_still_hears_what_was_tapped_on_it(room: Room, link: str) -> None:
    """A crew that is called again gets a new link; the page of the old one may hold taps made without a network."""
    room.owner.execute("UPDATE dispatch SET link_sha256 = repeat('a', 64)")
    assert "Accept" in room.client.get(f"{link}?lang=en").text
    room.press(link, "/accept")
    assert room.one("SELECT state FROM dispatch")["state"] == "accepted"


def test_an_expired_link_says_so_and_shows_nothing(room: Room, link: str) -> None:
    room.owner.execute("UPDATE dispatch SET link_expires = now() - interval '1 second'")
    page = room.client.get(f"{link}?lang=en")
    assert page.status_code == 410
    assert "This link has expired" in page.text
    assert "tel:96333" in page.text
    assert LIFT not in page.text
    for part in ("accept", "facts", "photo"):
        assert room.client.post(f"{link}/{part}", data={"reason": "x"}).status_code == 410
    assert room.client.get(f"{link}/now").status_code == 410


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE dispatch SET state = 'stood_down'", "another crew is there"),
        ("UPDATE incident SET state = 'false_alarm', closed_at = now()", "false alarm"),
        ("UPDATE incident SET state = 'self_released', closed_at = now()", "by themselves"),
        ("UPDATE incident SET state = 'fault_not_trapped', closed_at = now()", "nobody is inside"),
        ("UPDATE incident SET state = 'closed', closed_at = now()", "has ended"),
        ("UPDATE incident SET state = 'merged', closed_at = now(), merged_into = id", "joined with R"),
    ],
)
def test_what_is_over_is_said_and_has_no_button(room: Room, link: str, change: str, words: str) -> None:
    room.owner.execute(change)
    page = room.client.get(f"{link}?lang=en").text
    assert words in page
    assert "/accept" not in page
    assert re.search(r"\[[a-z_]+\.[a-z0-9_]+\]", room.client.get(f"{link}?lang=zh").text) is None


def test_a_photo_is_evidence_and_its_position_is_shown_to_nobody(room: Room, link: str) -> None:
    assert room.client.post(f"{link}/photo", files={"photo": ("a.jpg", photo())}).status_code == 422, "before arrival"
    come(room, link)
    for _ in range(2):
        assert room.client.post(f"{link}/photo", files={"photo": ("a.jpg", photo(), "image/jpeg")}).status_code == 200
    row = room.one("SELECT e.*, c.action, c.actor FROM evidence e JOIN evidence_custody c ON c.evidence_id = e.id")
    assert (row["kind"], row["action"], row["bytes"]) == ("rescue", "received", len(photo()))
    number = room.one("SELECT number FROM incident WHERE id = %s", row["incident_id"])["number"]
    address = f"/rescue/{number}/photo/{row['id']}"
    assert room.client.get(address, follow_redirects=False).status_code == 303, "sign in first"
    for login, path, status in (
        ("owner1", address, 404),
        ("operator", address, 200),
        ("regulator", address, 403),
        ("regulator", f"{address}?look=guessed", 403),
        ("operator", f"/rescue/{number}/photo/{uuid4()}", 404),
        ("operator", f"/rescue/R0/photo/{row['id']}", 404),
    ):
        room.sign_in(login)
        answer = room.client.get(path)
        assert answer.status_code == status, (login, path)
        if status == 200:
            assert answer.content.startswith(b"\xff\xd8")
            assert SECRET not in answer.content
    assert SECRET in photo()
    kept = list((room.settings.api.evidence).rglob("*.jpg"))
    assert [path.read_bytes() for path in kept] == [photo()], "the original stays as it came"
    room.sign_in("regulator")
    token = re.search(r'name="csrf" value="([^"]+)"', room.client.get("/live/camera/cam-k-001-1").text)
    assert token
    asked = {"csrf": token[1], "what": "rescue", "number": number, "reason": "complaint", "back": address}
    shown = room.client.post("/media/look", data=asked)
    assert shown.status_code == 200 and shown.headers["content-type"] == "image/jpeg"
    looks = room.all("SELECT actor, object, reason FROM audit_log WHERE action = 'evidence_viewed' ORDER BY id")
    assert looks == [
        {"actor": "operator", "object": f"incident {number}", "reason": f"incident {number}"},
        {"actor": "regulator", "object": f"incident {number}", "reason": "complaint"},
    ]


def test_a_regulator_of_another_town_sees_no_photo(room: Room, link: str) -> None:
    come(room, link)
    room.client.post(f"{link}/photo", files={"photo": ("a.jpg", photo(), "image/jpeg")})
    row = room.one("SELECT e.id, i.number FROM evidence e JOIN incident i ON i.id = e.incident_id")
    room.owner.execute("UPDATE person_role SET town_code = '442000106' WHERE role = 'regulator'")
    room.sign_in("regulator")
    assert room.client.get(f"/rescue/{row['number']}/photo/{row['id']}").status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"GIF89a", 422, "expected a JPEG"),
        (b"\xff\xd8\xff\xe0", 422, "expected a JPEG"),
        (b"", 422, "expected a picture"),
        (b"\xff\xd8" + b"\0" * (5 * 1024 * 1024), 413, "at most 5 MB"),
        (b"\xff\xd8" + b"\0" * (6 * 1024 * 1024), 413, "at most 5 MB"),
    ],
)
def test_what_is_no_photo_is_refused_in_words(room: Room, link: str, content: bytes, status: int, words: str) -> None:
    come(room, link)
    headers = {"accept": "application/json"}
    answer = room.client.post(f"{link}/photo", files={"photo": ("a.jpg", content, "image/jpeg")}, headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert room.all("SELECT 1 FROM evidence") == []


def test_a_page_in_a_pocket_hears_of_news(room: Room, link: str) -> None:
    before = room.client.get(f"{link}/now").json()["version"]
    assert f'data-version="{before}"' in room.client.get(link).text
    room.press(link, "/accept")
    assert until(lambda: room.client.get(f"{link}/now").json()["version"]) != before


def test_another_sites_form_is_refused(room: Room, link: str) -> None:
    headers = {"origin": "https://evil.example"}
    for part in ("accept", "facts", "photo", "released"):
        assert room.client.post(f"{link}/{part}", data={}, headers=headers).status_code == 403
    assert room.commands("accept") == []


def test_only_a_crews_commands_can_be_tapped(room: Room, link: str) -> None:
    for kind in ("confirm", "false_alarm", "close", "raise", "merge", "nothing"):
        assert room.client.post(f"{link}/{kind}", data={"reason": "x"}).status_code in (404, 422)
