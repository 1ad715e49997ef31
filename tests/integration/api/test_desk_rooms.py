"""The desk's other pages: operators of a town, the look-up, a lift, devices, the wall, and what is handed over."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from runtime.settings import DatabaseSettings
from tests.integration.api.desk_room import HASH, Room, open_room, until

HERE, ELSEWHERE = "442001", "442005"
"""lifts of two towns"""


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with open_room(city_db, tmp_path) as made:
        made.sign_in("operator")
        yield made


def town_of(room: Room, lift: str) -> str:
    row = room.one("SELECT p.town_code FROM lift l JOIN place p ON p.id = l.place_id WHERE l.code = %s", lift)
    return str(row["town_code"])


def another(room: Room, login: str, town: str | None = None) -> None:
    room.owner.execute(
        "WITH p AS (INSERT INTO person (login, name, password_hash) VALUES (%s, %s, %s) RETURNING id)"
        " INSERT INTO person_role (person_id, role, town_code) SELECT id, 'operator', %s FROM p",
        (login, f"name of {login}", HASH, town),
    )


def test_an_operator_of_a_town_has_this_town_only(room: Room) -> None:
    here, there = room.phone(HERE)["number"], room.phone(ELSEWHERE)["number"]
    assert town_of(room, HERE) != town_of(room, ELSEWHERE)
    everything = room.client.get("/board").text
    assert here in everything and there in everything
    another(room, "local", town_of(room, HERE))
    room.sign_in("local")
    for path in ("/board", "/board/wall", "/board/wall/part", "/board/map.json", "/board/handover", "/board/history"):
        shown = room.client.get(path).text
        assert there not in shown and ELSEWHERE not in shown, path
    assert here in room.client.get("/board").text
    assert room.client.get(f"/board/incident/{here}").status_code == 200
    form = room.form(f"/board/incident/{here}", "/note")
    for path in (f"/board/incident/{there}", f"/board/incident/{there}/live", f"/board/lift/{ELSEWHERE}"):
        assert room.client.get(path).status_code == 404, path
    values = {**form.values, "reason": "not mine"}
    assert room.client.post(f"/board/incident/{there}/note", data=values).status_code == 404
    assert room.client.post(f"/board/incident/{there}/crew/1/accept", data=values).status_code == 404
    assert room.client.post("/board/phone", data={**values, "code": ELSEWHERE}).status_code == 404
    assert room.client.get("/board/find", params={"code": ELSEWHERE}).status_code == 404
    quiet = {**values, "what": "lift", "code": ELSEWHERE, "kind": "silence", "minutes": "10", "owner": "x"}
    assert room.client.post("/board/quiet", data=quiet).status_code == 404
    assert room.commands("note") == []


def test_a_right_for_an_organisation_is_none_for_the_citys_rescues(room: Room) -> None:
    here = room.phone(HERE)["number"]
    another(room, "guest")
    room.owner.execute(
        "UPDATE person_role SET organisation_id = (SELECT id FROM organisation WHERE code = 'mu-1') WHERE person_id ="
        " (SELECT id FROM person WHERE login = 'guest')"
    )
    room.sign_in("guest")
    assert here not in room.client.get("/board").text
    assert room.client.get(f"/board/incident/{here}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [("4420", "/board/lift/442003"), ("Dongming", "Dongming Tower"), ("东明", "/board/lift/"), (" 44200 ", "442002")],
)
def test_a_part_of_a_code_or_a_name_leads_to_a_choice(room: Room, asked: str, found: str) -> None:
    shown = room.client.get("/board/find", params={"code": asked, "lang": "en"})
    assert shown.status_code == 200 and found in shown.text


@pytest.mark.parametrize("asked", ["", "4", "%", "__", "凯", "x" * 500])
def test_too_little_leads_to_how_to_ask(room: Room, asked: str) -> None:
    answer = room.client.get("/board/find", params={"code": asked, "lang": "en"})
    assert answer.status_code == 404 and "first digits" in answer.text


def test_a_code_leads_to_the_lift_and_to_its_rescue_while_one_is_open(room: Room) -> None:
    page = room.client.get("/board/find", params={"code": HERE, "lang": "en"})
    assert page.url.path == f"/board/lift/{HERE}"
    room.owner.execute(
        "INSERT INTO quiet (kind, lift_id, owner, reason, actor, starts_at, ends_at) SELECT 'maintenance', id, 'Li',"
        " 'new ropes', 'test', now(), now() + interval '1 hour' FROM lift WHERE code = %s",
        (HERE,),
    )
    shown = room.client.get(f"/board/lift/{HERE}?lang=en").text
    for words in ("new ropes", "Maintenance unit", "Sensors of the last 10 minutes", "lift-442001", "Open a rescue"):
        assert words in shown
    room.press(f"/board/lift/{HERE}", "/board/phone", {"reason": "somebody shouts"})
    number = until(lambda: room.incident(HERE))["number"]
    found = room.client.get("/board/find", params={"code": HERE})
    assert found.url.path == f"/board/incident/{number}"
    assert number in room.client.get(f"/board/lift/{HERE}").text


def test_what_a_device_says_of_itself(room: Room) -> None:
    room.owner.execute(
        "INSERT INTO device_status (device_id, online, seen_at, agent, spooled, clock_offset_ms, health)"
        " SELECT id, true, now() - interval '1 day', 'sunlit 0.1', 17, -2500, %s FROM device WHERE code = 'lift-442001'"
        " ON CONFLICT (device_id) DO UPDATE SET seen_at = EXCLUDED.seen_at, agent = EXCLUDED.agent,"
        " spooled = EXCLUDED.spooled, clock_offset_ms = EXCLUDED.clock_offset_ms, health = EXCLUDED.health",
        (Jsonb({"disk": "91 % full"}),),
    )
    room.owner.execute(
        "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', now() - interval '1 day', now()"
        " FROM device WHERE code = 'lift-442001'"
    )
    shown = room.client.get("/board/device/lift-442001?lang=en").text
    for words in ("91 % full", "-2.5 s", "17", "sunlit 0.1", "silent"):
        assert words in shown, words
    assert "/board/device/lift-442001" in room.client.get("/board/blind").text
    assert room.client.get("/board/device/nobody").status_code == 404


def test_the_wall_and_the_map_show_what_is_open(room: Room) -> None:
    number = room.phone(HERE, people=3, hazards="fire")["number"]
    wall = room.client.get("/board/wall?lang=en").text
    assert number in wall and "fire or smoke" in wall and "3 inside" in wall
    assert '<form method="post"' not in wall.replace('<form method="post" action="/logout">', "")
    made = json.loads(room.client.get("/board/map.json?lang=en").text)
    kinds = {one["properties"]["kind"] for one in made["features"]}
    assert {"lift", "station"} <= kinds
    (lift,) = [one for one in made["features"] if one["properties"]["kind"] == "lift"]
    assert lift["properties"]["tone"] == "danger" and lift["properties"]["href"].startswith(f"/board/incident/{number}")


def test_what_is_handed_over_is_kept_as_it_was_and_read_by_somebody_else(room: Room) -> None:
    number = room.phone(HERE, people=2)["number"]
    another(room, "night")
    another(room, "far", town_of(room, ELSEWHERE))
    room.press("/board/handover?lang=en", "/board/handover", {"note": "the key of B2 is broken <b>"})
    (row,) = room.all("SELECT id, open, note FROM hand_over")
    assert [one["number"] for one in row["open"]] == [number]
    room.owner.execute("UPDATE incident SET state = 'false_alarm', closed_at = now(), version = version + 1")
    board = room.client.get("/board?lang=en").text
    assert "to confirm" in board and number not in board
    note = f"/board/handover/{row['id']}"
    mine = room.client.get(f"{note}?lang=en").text
    assert number in mine and "the key of B2 is broken &lt;b&gt;" in mine and "/confirm" not in mine
    token = room.form("/board/handover", "/board/handover").values
    room.client.post(f"{note}/confirm", data=token)
    assert room.one("SELECT confirmed_at FROM hand_over")["confirmed_at"] is None, (
        "its writer has not read it for others"
    )
    room.sign_in("far")
    assert room.client.get(note).status_code == 404
    assert "to confirm" not in room.client.get("/board?lang=en").text
    room.sign_in("night")
    room.press(f"{note}?lang=en", "/confirm")
    read = room.one("SELECT confirmed_name, confirmed_at IS NOT NULL AS read FROM hand_over")
    assert read == {"confirmed_name": "name of night", "read": True}
    assert "to confirm" not in room.client.get("/board?lang=en").text
    assert "name of night" in room.client.get("/board/handover?lang=en").text
    assert room.all("SELECT 1 FROM audit_log WHERE action = 'hand_over_read'")


def test_a_desk_without_its_engine_does_not_look_calm(room: Room) -> None:
    room.owner.execute("INSERT INTO alerting_beat (instance, at) VALUES ('old', now() - interval '5 minutes')")
    shown = room.client.get("/board?lang=en").text
    assert "dispatch engine does not answer" in shown and "dispatch by telephone" in shown
    room.owner.execute("INSERT INTO alerting_beat (instance, at) VALUES ('alive', now())")
    room.owner.execute("UPDATE incident SET version = version")
    assert "dispatch by telephone" not in until(
        lambda: page if "dispatch by" not in (page := room.client.get("/board?lang=en").text) else None, 12
    )
