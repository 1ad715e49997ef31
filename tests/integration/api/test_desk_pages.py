"""The operator's pages: every command by pressing what the page shows, with the real engine behind it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.board.orders import ORDERS, REASON_NEEDED
from contracts.kinds import CommandKind
from runtime.settings import DatabaseSettings
from tests.integration.api.desk_room import Room, open_room, until

LIFT, OTHER = "442001", "442002"
MISSING = re.compile(r"\[[a-z_]+\.[a-z0-9_]+\]")


@pytest.fixture
def room(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Room]:
    with open_room(city_db, tmp_path) as made:
        made.sign_in("operator")
        yield made


@pytest.fixture
def page(room: Room) -> str:
    """The address of an open incident's page."""
    return f"/board/incident/{room.phone(LIFT, people=2)['number']}"


def timeline(room: Room) -> list[tuple[str, str]]:
    rows = room.all("SELECT action, reason FROM incident_entry ORDER BY id")
    return [(row["action"], row["reason"]) for row in rows]


def freed(room: Room) -> None:
    link = room.link(LIFT)
    for step, values in (
        ("/accept", {}),
        ("/en_route", {}),
        ("/arrived", {"proof": "qr", "code": LIFT}),
        ("/released", {"people": "2"}),
    ):
        room.press(link, step, values)


@pytest.mark.parametrize(
    ("kind", "values", "action"),
    [
        ("confirm", {"reason": "seen by camera"}, "confirmed"),
        ("comfort", {"preset": "Help is coming"}, "comfort"),
        ("comfort", {"text": "a crew is at the door"}, "comfort"),
        ("raise", {"reason": "it takes too long"}, "tier_called"),
        ("emergency", {"reason": "smoke", "ambulance": "on"}, "emergency_called"),
        ("facts", {"people": "3", "floor": "7", "hazards": ["fire"]}, "facts"),
        ("call_log", {"whom": "car", "reason": "they are calm"}, "call"),
        ("note", {"reason": "key is at the gate"}, "note"),
        ("self_released", {"reason": "they called back"}, "self_released"),
        ("not_trapped", {"reason": "looked by camera"}, "fault_not_trapped"),
        ("false_alarm", {"reason": "a child played"}, "false_alarm"),
    ],
)
def test_a_command_of_an_open_incident(room: Room, page: str, kind: str, values: dict[str, Any], action: str) -> None:
    shown = room.press(f"{page}?lang=zh", f"/{kind}", values)
    assert "refused" not in dict(timeline(room)), timeline(room)
    assert action in {done.removesuffix("_missing") for done, _ in timeline(room)}
    assert MISSING.findall(shown) == []
    assert MISSING.findall(room.client.get(f"{page}?lang=en").text) == []


def test_facts_can_be_taken_back(room: Room, page: str) -> None:
    room.press(page, "/facts", {"hazards": ["fire", "injury"]})
    assert room.one("SELECT hazards FROM incident")["hazards"] == ["fire", "injury"]
    assert "fire or smoke" in room.client.get("/board?lang=en").text
    room.press(page, "/facts", {"people": "2", "hazards": []})
    assert room.one("SELECT hazards FROM incident")["hazards"] == []


def test_every_command_of_an_operator_has_its_form(room: Room, page: str) -> None:
    room.phone(OTHER)
    found = {kind for kind in ORDERS if room_has(room, page, kind)}
    freed(room)
    found |= {kind for kind in ORDERS if room_has(room, page, kind)}
    room.owner.execute("UPDATE incident SET state = 'merged', closed_at = now()")
    found |= {kind for kind in ORDERS if room_has(room, page, kind)}
    room.owner.execute("UPDATE incident SET state = 'false_alarm', released_at = NULL")
    found |= {kind for kind in ORDERS if room_has(room, page, kind)}
    assert found == set(ORDERS)


def room_has(room: Room, page: str, kind: CommandKind) -> bool:
    return f'{page}/{kind.value}"' in room.client.get(page).text


@pytest.mark.parametrize("kind", sorted(set(REASON_NEEDED) & set(ORDERS)))
def test_what_cannot_be_undone_in_silence_needs_a_reason(room: Room, page: str, kind: CommandKind) -> None:
    """Also from a browser that does not look at `required`."""
    values = room.form(page, "/note").values
    shown = room.client.post(f"{page}/{kind}?lang=zh", data={**values, "reason": "  "}).text
    assert "请填写理由" in shown
    assert room.commands(kind.value) == []


def test_a_crew_on_the_telephone(room: Room, page: str) -> None:
    room.press(page, "/accept")
    room.press(page, "/en_route", {"eta_minutes": "12"})
    room.press(page, "/arrived", {"reason": "property saw them"})
    row = room.one("SELECT state, arrival_proof, accepted_at IS NOT NULL AS accepted FROM dispatch WHERE tier = 1")
    assert row == {"state": "arrived", "arrival_proof": "override: property saw them", "accepted": True}
    assert "值守员确认：property saw them" in room.client.get(f"{page}?lang=zh").text
    room.press(page, "/released", {"people": "2"})
    assert room.one("SELECT state FROM incident")["state"] == "released"
    actors = {row["actor"] for row in room.all("SELECT actor FROM incident_entry WHERE action LIKE 'crew_%%'")}
    assert actors == {room.one("SELECT name FROM person WHERE login = 'operator'")["name"]}


def test_an_arrival_that_a_crew_asks_for_is_loud(room: Room, page: str) -> None:
    link = room.link(LIFT)
    room.press(link, "/accept")
    room.press(link, "/en_route")
    form = room.form(link, "/arrived", {"proof": "ask"})
    room.client.post(form.action, data={**form.values, "reason": "no sign at the lift"})
    assert "a crew asks to confirm its arrival" in room.client.get("/board?lang=en").text
    assert "no sign at the lift" in room.client.get(f"{page}/live?lang=en").text
    room.press(page, "/arrived", {"reason": "I see them by camera"})
    assert "a crew asks to confirm" not in room.client.get("/board?lang=en").text


def test_another_organisation_in_place_of_a_crew(room: Room, page: str) -> None:
    room.press(page, "/reassign", {"organisation": "rs-2", "reason": "the first has no van"})
    found = room.all("SELECT o.code, d.replaces FROM dispatch d JOIN organisation o ON o.id = d.organisation_id")
    assert {row["code"] for row in found} == {"mu-1", "rs-2"}


def test_merging_and_splitting_again(room: Room, page: str) -> None:
    other = room.phone(OTHER)
    room.press(page, "/merge", {"into": other["number"], "reason": "one caller, two codes"})
    assert room.one("SELECT state FROM incident WHERE number = %s", page.rpartition("/")[2])["state"] == "merged"
    assert page.rpartition("/")[2] in room.client.get(f"/board/incident/{other['number']}").text
    room.press(page, "/split", {"reason": "they are two after all"})
    assert room.one("SELECT closed_at FROM incident WHERE number = %s", page.rpartition("/")[2])["closed_at"] is None


def test_ended_by_mistake_and_opened_again(room: Room, page: str) -> None:
    room.press(page, "/false_alarm", {"reason": "nobody answers"})
    assert "/note" not in room.client.get(page).text
    room.press(page, "/reopen", {"reason": "they do shout"})
    assert room.one("SELECT closed_at FROM incident")["closed_at"] is None


def test_recording_calling_back_and_closing(room: Room, page: str) -> None:
    freed(room)
    room.press(page, "/close", {"cause": "traction/brake", "method": "hand_winding"})
    assert room.one("SELECT closed_at FROM incident")["closed_at"] is None, "the sensors have not agreed"
    form = room.form(page, "/close")
    chosen = {"cause": "door_system/door_lock", "method": "open_at_level"}
    room.client.post(f"{page}/record", data={**form.values, **chosen})
    shown = room.client.get(f"{page}?lang=en").text
    assert "door system (door lock)" in shown
    room.press(page, "/close", {**chosen, "override_reason": "looked myself"})
    row = room.one("SELECT cause, sub_cause, rescue_method, closed_at FROM incident")
    assert (row["cause"], row["sub_cause"], row["rescue_method"]) == ("door_system", "door_lock", "open_at_level")
    room.press(page, "/follow_up", {"reason": "well, thanked us"})
    assert room.one("SELECT followed_up_at FROM incident")["followed_up_at"] is not None


def test_a_call_without_a_sensor_keeps_what_the_caller_knows(room: Room) -> None:
    values = {"reason": "an old lady, it smells of smoke", "caller": "13800001111", "people": "1", "floor": "5"}
    room.press("/board/find?code=442003", "/board/phone", {**values, "hazards": ["fire"]})
    incident = until(lambda: room.incident("442003"))
    assert (incident["people_inside"], incident["floor_text"], incident["hazards"]) == (1, "5", ["fire"])
    shown = room.client.get(f"/board/incident/{incident['number']}?lang=en").text
    for words in ("13800001111", "an old lady, it smells of smoke", "fire or smoke", "by phone"):
        assert words in shown
    assert "13800001111" not in room.client.get(room.link("442003")).text, "the caller's number stays here"


@pytest.mark.parametrize("code", ["", "999999", "442003'; --"])
def test_a_lift_that_is_not_there(room: Room, code: str) -> None:
    shown = room.client.get("/board/find", params={"code": code, "lang": "en"}).text
    assert "There is no lift with this code." in shown


def test_letters_show_their_outcome_and_no_address(room: Room, page: str) -> None:
    until(lambda: room.all("SELECT 1 FROM outbox"))
    room.owner.execute("UPDATE outbox SET state = 'failed', attempts = 3 WHERE channel = 'email'")
    addresses = [row["address"] for row in room.all("SELECT DISTINCT address FROM outbox")]
    shown = room.client.get(f"{page}?lang=en").text
    assert addresses and [address for address in addresses if address in shown] == []
    assert "failed" in shown and "×3" in shown


def test_what_somebody_types_is_not_swept_away(room: Room, page: str) -> None:
    """Only the story is fetched again; the forms stay."""
    part = room.client.get(f"{page}/live").text
    assert "<form" not in part
    assert 'hx-swap-oob="innerHTML"' in part


def test_a_stranger_is_dismissed_with_a_reason_and_comes_back_with_its_next_alarm(room: Room) -> None:
    room.owner.execute(
        "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, last_event, kept, lanes)"
        " VALUES ('demo', 'lift-x', 'unknown', now(), now(), 3, 1, now() - interval '1 minute', 3, '{event}')"
    )
    assert "lift-x" in room.client.get("/board").text
    address = "/board/stranger?site=demo&code=lift-x"
    late = room.form(address, "/board/stranger")
    room.client.post("/board/stranger", data={**late.values, "reason": " "})
    assert "lift-x" in room.client.get("/board").text, "without a reason it stays"
    room.press(address, "/board/stranger", {"reason": "a test rig of the maintenance unit"})
    assert "lift-x" not in room.client.get("/board").text
    row = room.one("SELECT actor, object, reason FROM audit_log WHERE action = 'stranger_dismissed'")
    assert row == {"actor": "operator", "object": "demo/lift-x", "reason": "a test rig of the maintenance unit"}
    room.owner.execute("UPDATE stranger SET last_event = now()")
    assert "lift-x" in room.client.get("/board").text
    room.client.post("/board/stranger", data={**late.values, "reason": "an old page"})
    assert "lift-x" in room.client.get("/board").text, "the page was older than the alarm"
    assert room.client.get("/board/stranger?site=demo&code=nobody").status_code == 404


def test_no_strangers_alarm_hides_another(room: Room) -> None:
    room.owner.execute(
        "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, last_event, kept, lanes)"
        " SELECT 'far', 'stranger-' || n, 'unknown', now(), now(), 1, 1, now() - make_interval(secs => n), 0, '{event}'"
        " FROM generate_series(1, 40) AS n"
    )
    assert room.client.get("/board").text.count('data-stranger="') == 40


def test_a_mass_incident_stands_as_one_with_the_worst_first(room: Room) -> None:
    for lift, args in (("442001", {"people": 1}), ("442002", {"people": 4}), ("442003", {"people": 0})):
        room.phone(lift, **args)
    room.owner.execute(
        "WITH m AS (INSERT INTO mass_incident (number, cause, place_id, opened_at, last_at, lifts)"
        " SELECT 'M20261124-0001', 'power', id, now(), now(), 3 FROM place WHERE code = 'p-3' RETURNING id)"
        " UPDATE incident SET mass_id = m.id FROM m"
    )
    room.phone("442012", hazards="fire")
    shown = room.client.get("/board?lang=en").text
    assert "Mass: 3 lifts, power cut, Dongming Tower (parallel)" in re.sub(r"\s+", " ", shown)
    order = re.findall(r'data-incident="[^"]+" data-href="[^"]+">\s+<div[^>]*>\s+<div>\s+<h2><a[^>]+>(\d+)', shown)
    assert order == ["442012", "442002", "442001", "442003"]
    mass = room.client.get("/board/mass/M20261124-0001?lang=zh").text
    assert "群发：3 台电梯，停电，东明大厦（并行处置）" in mass
    assert MISSING.findall(mass) == []
    assert room.client.get("/board/mass/M1").status_code == 404


def test_what_is_missing_for_the_next_alarm(room: Room) -> None:
    room.owner.execute(
        "INSERT INTO roster_hole (organisation_id, starts_at, ends_at, found_at) SELECT id, now() + interval '1 day',"
        " now() + interval '30 hours', now() FROM organisation WHERE code = 'rs-2'"
    )
    room.owner.execute(
        "INSERT INTO coverage_gap (tier, place_id, lifts, limit_s, since) SELECT 2, id, 14, 1800, now() FROM place"
        " WHERE code = 'p-5'"
    )
    board = room.client.get("/board?lang=en").text
    assert "1 roster holes ahead" in board and "14 lifts out of reach in time" in board
    page = room.client.get("/board/ready?lang=zh").text
    assert "东区救援站" in page and "榄城广场" in page
    assert MISSING.findall(page) == []


def test_times_stand_still_when_people_are_out(room: Room, page: str) -> None:
    freed(room)
    row = room.one("SELECT released_at - alarm_at AS took FROM incident")
    assert row["took"] < timedelta(minutes=2)
    card = room.client.get("/board").text
    assert 'class="elapsed" title' in card, "no running clock"


def test_a_crews_link_shows_nothing_of_the_board(room: Room, page: str) -> None:
    link = room.link(LIFT)
    room.client.cookies.clear()
    assert room.client.get(page, follow_redirects=False).status_code == 303
    assert room.client.get(link).status_code == 200
    assert room.client.post(f"{page}/raise", data={}).status_code == 401
