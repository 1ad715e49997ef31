"""The owners' door over real rows: what is to be done, what is known, and nothing of anybody else's kitchen."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import openpyxl
import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from api import commands
from api.app import create_app
from api.edge_uploads import keep
from api.i18n import LOCAL
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings
from tests.integration.api.test_finding_pages import HASH, Room

NOW = datetime.now(UTC)
PAGES = ("", "/history", "/trend", "/sensors", "/cameras", "/looks", "/papers", "/notice", "/export")
SEES = """
INSERT INTO device_status (device_id, boot, online, at, seen_at, camera_state)
SELECT id, gen_random_uuid(), true, now(), now(), 'active' FROM device WHERE kind = 'camera';
INSERT INTO camera_sample (time, device_id, boot, seq, n, received, state, frames, looks, detections, people)
SELECT now() - make_interval(mins => n * 30), d.id, gen_random_uuid(), 1, 0, now(), 'active', 9, 9, 1, 1
FROM device d, generate_series(0, 20) AS n WHERE d.kind = 'camera'
"""
FINDING = """
INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id, zone, at,
                     opened_at, last_at, pushed_at, rectify_due, due_at, due_reason, rectified_at, closed_at,
                     rectify_note)
SELECT %(number)s, k.id, d.id, %(event)s, %(rule)s, 'II', %(state)s, 0.95, p.id, 'cooking', %(at)s, %(at)s, %(at)s,
       %(at)s, %(due)s, CASE WHEN %(done)s::timestamptz IS NULL THEN %(due)s END, 'put right', %(done)s, %(done)s,
       %(note)s
FROM kitchen k JOIN device d ON d.kitchen_id = k.id AND d.kind = 'camera', policy p
WHERE k.code = %(kitchen)s AND p.kind = 'kitchen' RETURNING id
"""


def jpeg() -> bytes:
    noise = np.random.default_rng(int(uuid4()) % 2**32).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1])


class House(Room):
    """The pages over a city; nobody answers commands unless a test does."""

    def finding(
        self, number: str, kitchen: str = "k-001", *, days: float = 0, state: str = "pushed", rule: str = "no_hat",
        done: bool = False, due_h: float = 24, note: str = "", box: list[float] | None = None,
    ) -> int:  # fmt: skip
        at, event = NOW - timedelta(days=days), uuid4()
        values = {"number": number, "kitchen": kitchen, "state": state, "rule": rule, "at": at, "event": event}
        values |= {"due": at + timedelta(hours=due_h), "done": at + timedelta(hours=3) if done else None, "note": note}
        row = self.owner.execute(FINDING, values).fetchone()
        assert row
        if box:
            self.picture(event, box)
        return int(row["id"])

    def picture(self, event: object, box: list[float]) -> None:
        content, sha256 = jpeg(), uuid4().hex * 2
        keep(self.client.app.state.settings.api.evidence, sha256, content)  # type: ignore[attr-defined]
        self.owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, confidence,"
            " body) SELECT %s, 0, id, gen_random_uuid(), 1, 'start', 'no_hat', now(), now(), now(), 0.95, %s"
            " FROM device WHERE code = 'cam-k-001-1'",
            (event, Jsonb({"box": box, "evidence": [{"sha256": sha256}]})),
        )
        self.owner.execute(
            "INSERT INTO evidence (id, event_id, kind, media, sha256, bytes, captured_at, source)"
            " VALUES (gen_random_uuid(), %s, 'capture', 'image/jpeg', %s, 1, now(), 'cam-k-001-1')",
            (event, sha256),
        )

    def send(self, page: str, path: str, photo: bytes | None = None, **fields: str) -> tuple[int, str]:
        token = re.search(r'name="csrf" value="([^"]+)"', self.page(page))
        assert token
        files = {"photo": ("x.jpg", photo, "image/jpeg")} if photo else {"nothing": ("", b"")}
        sent = {"csrf": token[1], "command": str(uuid4()), **fields}
        answer = self.client.post(path, data=sent, files=files)
        return answer.status_code, str(answer.text)


@pytest.fixture
def house(city_db: DatabaseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(commands, "WAIT_S", 0.2)
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
    api = ApiSettings(evidence=tmp_path / "evidence", live=tmp_path / "live", public_url="https://city.example")
    with TestClient(create_app(Settings(database=city_db, api=api)), headers={"accept": "text/html"}) as client:
        made = House(city_db, client)
        yield made
        made.owner.close()


def top(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return found[1]


def test_the_sentence_is_never_calm_where_nobody_sees(house: House) -> None:
    house.sign_in("owner1")
    assert top(house.page("/kitchen?lang=en")) == "What happens here is not known: Camera 1 sees nothing"
    house.owner.execute(SEES)
    assert top(house.page("/kitchen?lang=en")).startswith("Everything in order; last look ")
    house.finding("F1", box=[20, 20, 60, 60])
    page = house.page("/kitchen?lang=en")
    assert top(page).startswith("1 thing to put right by ")
    assert '<rect class="under"' in page and 'viewBox="0 0 160 90"' in page, "the head is marked in its picture"
    house.finding("F2", due_h=-1, rule="camera_blind")
    assert top(house.page("/kitchen?lang=en")).startswith("1 overdue since ")
    assert "有 1 项自" in top(house.page("/kitchen?lang=zh"))
    house.owner.execute("UPDATE device_status SET seen_at = now() - interval '3 minutes'")
    assert "is not known" in top(house.page("/kitchen?lang=en"))


def test_several_kitchens_the_most_urgent_first_and_one_alone(house: House) -> None:
    house.owner.execute(
        "UPDATE kitchen SET owner_org_id = (SELECT id FROM organisation WHERE code = 'cat-1')"
        " WHERE code IN ('k-002', 'k-003')"
    )
    house.owner.execute(SEES)
    house.finding("F3", "k-003")
    house.finding("F2", "k-002", due_h=-1)
    house.sign_in("owner1")
    page = house.page("/kitchen?lang=en")
    assert re.findall(r'href="/kitchen/(k-\d+)', page) == ["k-002", "k-003", "k-001"]
    # One person answers for one of the three kitchens only, until it is sold.
    house.owner.execute(
        "UPDATE person_role SET kitchen_id = (SELECT id FROM kitchen WHERE code = 'k-002') WHERE person_id ="
        " (SELECT id FROM person WHERE login = 'owner1')"
    )
    assert "F2" in house.page("/kitchen") and "k-003" not in house.page("/kitchen")
    for part in PAGES:
        house.page(f"/kitchen/k-002{part}")
        house.page(f"/kitchen/k-003{part}", 404)
    house.page("/kitchen/finding/F2")
    house.page("/kitchen/finding/F3", 404)
    house.owner.execute(
        "UPDATE kitchen SET owner_org_id = (SELECT id FROM organisation WHERE code = 'cat-2') WHERE code = 'k-002'"
    )
    for path in ("/kitchen", "/kitchen/k-002", "/kitchen/finding/F2"):
        house.page(path, 404)


def test_another_owner_finds_nothing_on_any_path(house: House) -> None:
    house.owner.execute(SEES)
    house.owner.execute(
        "INSERT INTO still (device_id, taken_at, sha256, picture) SELECT id, now(), 'x', %s FROM device"
        " WHERE code = 'cam-k-001-1'",
        (jpeg(),),
    )
    house.finding("F1", note="note-of-one", box=[1, 1, 9, 9])
    house.sign_in("owner1")
    own = [f"/kitchen/k-001{part}" for part in PAGES]
    own += ["/kitchen/finding/F1", "/kitchen/finding/F1/picture", "/kitchen/still/cam-k-001-1.jpg"]
    assert [path for path in own if house.client.get(path).status_code != 200] == []
    house.sign_in("owner2")
    assert [path for path in own if house.client.get(path).status_code != 404] == []
    for part in PAGES:
        answer = house.client.get(f"/kitchen/k-002{part}?camera=cam-k-001-1&rule=no_hat")
        assert answer.status_code == 200
        assert not {"F1", "note-of-one", "k-001"} & set(re.findall(r"[\w-]+", answer.text)), part
    session = house.owner.execute(
        "SELECT s.csrf FROM session s JOIN person p ON p.id = s.person_id WHERE p.login = 'owner2'"
    ).fetchone()
    assert session
    for kind in ("rectify", "appeal"):
        sent = {"csrf": session["csrf"], "note": "x"}
        assert house.client.post(f"/kitchen/finding/F1/{kind}", data=sent).status_code == 404
    assert house.owner.execute("SELECT count(*) AS n FROM command").fetchone() == {"n": 0}


def test_a_form_keeps_its_words_and_asks_for_the_photo_of_the_policy(house: House) -> None:
    house.finding("F1")
    house.sign_in("owner1")
    page, path = "/kitchen/finding/F1?lang=en", "/kitchen/finding/F1/rectify?lang=en"
    assert "required" in re.findall(r"<input type=\"file\"[^>]*>", house.page(page))[0]
    status, text = house.send(page, path, note="hats for everybody")
    assert status == 422 and "hats for everybody</textarea>" in text and "photo" in text
    status, text = house.send(page, path, b"GIF89a", note="hats for everybody")
    assert status == 422 and "hats for everybody</textarea>" in text
    assert "请选择照片" in house.send(page, "/kitchen/finding/F1/rectify?lang=zh", note="x")[1]
    status, text = house.send(page, path, jpeg(), note="hats for everybody")
    assert status == 200 and "waiting to be carried out" in text
    command = house.owner.execute("SELECT kind, reason, args FROM command").fetchall()
    assert command == [{"kind": "rectify", "reason": "hats for everybody", "args": {"note": "hats for everybody"}}]
    status, text = house.send(page, "/kitchen/finding/F1/appeal?lang=en", jpeg(), note="it is a hood")
    assert status == 200
    kinds = house.owner.execute("SELECT kind FROM evidence ORDER BY kind").fetchall()
    assert [row["kind"] for row in kinds] == ["appeal", "rectification"]
    assert house.client.get("/kitchen/finding/F1/picture?kind=appeal").status_code == 200


def test_photos_of_a_finding_do_not_fill_the_folder(house: House) -> None:
    finding = house.finding("F1")
    house.owner.execute(
        "INSERT INTO evidence (id, finding_id, kind, media, sha256, bytes, captured_at, source)"
        " SELECT gen_random_uuid(), %s, 'appeal', 'image/jpeg', lpad(n::text, 64, '0'), 1, now(), 'x'"
        " FROM generate_series(1, 24) AS n",
        (finding,),
    )
    house.sign_in("owner1")
    status, text = house.send("/kitchen/finding/F1", "/kitchen/finding/F1/rectify?lang=zh", jpeg(), note="done")
    assert status == 422 and "本问题已有 24 张照片" in text
    assert len(house.owner.execute("SELECT 1 FROM evidence").fetchall()) == 24


def test_what_the_desk_refuses_keeps_its_words(house: House) -> None:
    finding = house.finding("F1")
    house.owner.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO command_result"
        " VALUES (NEW.id, now(), false, 'note: '''', expected what was done'); RETURN NULL; END $$;"
        "CREATE TRIGGER no AFTER INSERT ON command FOR EACH ROW EXECUTE FUNCTION no()"
    )
    house.sign_in("owner1")
    status, text = house.send("/kitchen/finding/F1", "/kitchen/finding/F1/appeal?lang=en", note=" <b> ")
    assert status == 422 and "expected what was done" in text
    assert " &lt;b&gt; </textarea>" in text and re.search(r'id="appeal" open', text)
    house.owner.execute(
        "INSERT INTO finding_entry (finding_id, at, actor, action, reason, policy_version)"
        " VALUES (%s, now(), 'x', 'pushed', 'not put right: one without', 1)",
        (finding,),
    )
    page = house.page("/kitchen/finding/F1?lang=zh")
    assert "没有通过" in page and "整改未通过：one without" in page and "监管人员认为尚未整改" in page


def test_the_history_is_filtered_ordered_paged_and_taken_along(house: House) -> None:
    for day in range(60):
        rule, done = ("no_hat", "no_mask")[day % 2], day > 1
        house.finding(f"F{day:02}", days=day, rule=rule, done=done, state="closed" if done else "pushed", note="=1+1")
    house.finding("F99", "k-002")
    house.sign_in("owner1")
    path = "/kitchen/k-001/history?lang=en"
    numbers = [re.findall(r"finding/(F\d+)", house.page(f"{path}&page={page}")) for page in (1, 2)]
    assert [len(found) for found in numbers] == [50, 10]
    assert numbers[0][0] == "F00" and "F99" not in [*numbers[0], *numbers[1]]
    assert re.findall(r"finding/(F\d+)", house.page(f"{path}&order=asc"))[0] == "F59"
    assert re.findall(r"finding/(F\d+)", house.page(f"{path}&state=open&rule=no_mask")) == ["F01"]
    only = (NOW - timedelta(days=5)).astimezone(LOCAL).date()
    assert re.findall(r"finding/(F\d+)", house.page(f"{path}&from={only}&to={only}")) == ["F05"]
    assert "Choose less" in house.page(f"{path}&rule=uv_lamp")
    for sort in ("rule", "camera", "state", "took", "opened"):
        assert 'aria-sort="descending"><a href="/kitchen/k-001/history?' in house.page(f"{path}&sort={sort}"), sort
    assert "expected a day like" in house.client.get(f"{path}&from=x", headers={"accept": "application/json"}).text
    rows = list(csv.DictReader(io.StringIO(house.page(f"{path}&format=csv&rule=no_mask").lstrip("\ufeff"))))
    assert len(rows) == 30 and rows[-1]["note"] == "'=1+1"
    book = openpyxl.load_workbook(io.BytesIO(house.client.get(f"{path}&format=xlsx&rule=no_hat").content))
    sheet = book.active
    assert sheet is not None and sheet.max_row == 31
    assert {cell.data_type for cell in sheet["P"][1:]} == {"s"}, "a note is no formula"


def test_weeks_sensors_and_cameras_say_what_is_not_known(house: House) -> None:
    house.sign_in("owner2")
    assert "Nothing was recorded here yet" in house.page("/kitchen/k-002/trend?lang=en")
    assert "Nothing was heard of this sensor" in house.page("/kitchen/k-002/sensors?lang=en")
    assert "no data" in house.page("/kitchen/k-002/cameras?lang=en")
    house.finding("F1", days=20, done=True, state="closed")
    house.owner.execute("UPDATE device SET zone_kind = 'special_room' WHERE code = 'sensor-k-001'")
    house.owner.execute(
        "INSERT INTO climate_sample (time, device_id, boot, seq, n, received, temperature, humidity, door_open,"
        " uv_lamp) SELECT now() - make_interval(mins => n), d.id, gen_random_uuid(), n, 0, now(),"
        " CASE WHEN n < 60 THEN 29 ELSE 20 END, 50, n < 30, false FROM device d, generate_series(0, 2880) AS n"
        " WHERE d.code = 'sensor-k-001' AND n NOT BETWEEN 200 AND 320"
    )
    house.owner.execute(SEES)
    house.sign_in("owner1")
    page = house.page("/kitchen/k-001/trend?lang=en")
    assert 'fill="url(#hatch-weeks)"' in page, "weeks before the first finding are not known"
    assert "100 %" in page
    day = house.page("/kitchen/k-001/sensors?lang=en")
    assert day.count('<line class="goal"') == 1 and 'class="hot"' in day and 'fill="url(#hatch-sensor-k-001-t)"' in day
    assert "29.0 °C" in day and "UV lamp on" in day
    for span in ("week", "quarter"):
        assert "29.0 °C" in house.page(f"/kitchen/k-001/sensors?lang=en&span={span}"), span
    house.page("/kitchen/k-001/sensors?span=year", 422)
    page = house.page("/kitchen/k-001/cameras?lang=en")
    assert "100.0 %" in page and "In 30 days there was none." in page


def test_blind_times_have_their_cause_and_what_to_do(house: House) -> None:
    for phase, rev, cause in (("start", 0, "frozen"), ("update", 1, "covered")):
        house.owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, confidence,"
            " body) SELECT '00000000-0000-0000-0000-00000000000a', %s, id, gen_random_uuid(), 1, %s, 'camera_blind',"
            " now() - interval '2 hours', now(), now(), 1, %s FROM device WHERE code = 'cam-k-001-1'",
            (rev, phase, Jsonb({"details": {"cause": cause}})),
        )
    house.owner.execute(
        "INSERT INTO silence (device_id, cause, since, noticed_at, ended_at) SELECT id, 'offline',"
        " now() - interval '9 hours', now() - interval '8 hours', now() - interval '7 hours' FROM device"
        " WHERE code = 'agent-demo'"
    )
    house.sign_in("owner1")
    page = house.page("/kitchen/k-001/cameras?lang=en")
    assert "Take away what covers the lens" in page and "Blind times of 30 days (2)" in page
    assert "is not heard" in page and "2.0 h" in page
    assert "is covered" in house.page("/kitchen/k-001?lang=en")


def test_who_looked_is_told_and_officials_stay_unnamed(house: House) -> None:
    house.finding("F1", box=[1, 1, 9, 9])
    house.owner.execute(
        "INSERT INTO live_lease (id, device_id, person_id, role, mode, reason, until, asked_at)"
        " SELECT gen_random_uuid(), d.id, p.id, r.role, 'live', 'why-' || r.role, now(), now() FROM device d, person p"
        " JOIN (VALUES ('regulator', 'regulator'), ('owner1', 'owner')) AS r (login, role) ON r.login = p.login"
        " WHERE d.code = 'cam-k-001-1'"
    )
    house.owner.execute(
        "INSERT INTO audit_log (person_id, actor, action, object, reason) SELECT id, login, 'evidence_viewed',"
        " 'finding F1', 'complaint 7' FROM person WHERE login = 'regulator'"
    )
    house.sign_in("owner1")
    for _ in range(3):
        house.client.get("/kitchen/finding/F1/picture")
    page = house.page("/kitchen/k-001/looks?lang=en")
    assert "why-regulator" in page and "complaint 7" in page and "3 times that day" in page
    assert "店主1" in page and "李监管" not in page
    camera = house.page("/live/camera/cam-k-001-1?lang=en")
    assert "why-regulator" in camera and "店主1" in camera and "李监管" not in camera
    officials = house.page("/kitchen/k-001/looks?lang=en&who=officials")
    assert "complaint 7" in officials and "why-owner" not in officials
    house.page("/kitchen/k-001/looks?who=me", 422)


def test_the_notice_says_what_a_staff_has_to_know_in_both_languages(house: House) -> None:
    house.owner.execute("UPDATE device SET zone_kind = 'stove-left' WHERE kitchen_id IS NOT NULL")
    house.owner.execute("UPDATE kitchen SET code = '一号 1' WHERE code = 'k-002'")
    house.sign_in("owner1")
    for part in ("", "/sensors", "/cameras", "/notice"):
        shown = house.page(f"/kitchen/k-001{part}?lang=zh")
        assert "stove-left" in shown and "[zone." not in shown, "what a site has named is shown as it is"
    page = house.page("/kitchen/k-001/notice?lang=en")
    assert "Cameras are in use in this kitchen" in page and "本厨房正在使用摄像头" in page
    assert "30 days at most" in page and "12315" in page and "示范市场监管局" in page
    assert "https://city.example/q/r/k-001" in page and "<svg" in page
    house.sign_in("owner2")
    for file in ("export", "history?format=csv", "history?format=xlsx"):
        assert "___1" in house.client.get(f"/kitchen/一号 1/{file}").headers["content-disposition"], file


def test_all_data_of_a_kitchen_in_one_file(house: House) -> None:
    house.owner.execute(SEES)
    house.finding("F1", days=2, note="=cmd")
    house.finding("F2", "k-002", days=2)
    house.finding("F3", days=60)
    house.finding("F4", days=1, state="muted")
    house.owner.execute(
        "INSERT INTO climate_sample (time, device_id, boot, seq, n, received, temperature, humidity)"
        " SELECT now() - interval '1 day', id, gen_random_uuid(), 1, 0, now(), 21.5, 40 FROM device"
        " WHERE kind = 'kitchen_sensor'"
    )
    house.owner.execute(
        "INSERT INTO finding_entry (finding_id, at, actor, action, reason, policy_version) SELECT id, now(), 'sunlit',"
        " 'pushed', number, 1 FROM finding"
    )
    first = (NOW - timedelta(days=30)).astimezone(LOCAL).date()
    answer = house.sign_in("owner1").client.get(f"/kitchen/k-001/export?from={first}")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    tables = {
        name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
        for name in archive.namelist()
        if name.endswith(".csv")
    }
    assert [row["number"] for row in tables["findings.csv"]] == ["F1"]
    assert tables["findings.csv"][0]["note"] == "'=cmd"
    assert [row["reason"] for row in tables["history.csv"]] == ["F1"]
    assert [(row["sensor"], row["mean_temperature"]) for row in tables["sensors.csv"]] == [("sensor-k-001", "21.5")]
    assert {row["camera"] for row in tables["cameras.csv"]} == {"cam-k-001-1"}
    readme = archive.read("README.txt").decode()
    assert all(column in readme for rows in tables.values() for row in rows for column in row)
    logged = house.owner.execute("SELECT actor, object FROM audit_log WHERE action = 'kitchen_exported'").fetchall()
    assert logged == [{"actor": "owner1", "object": "kitchen k-001"}]
    for wrong in ("from=2020-01-01", "from=2026-01-02&to=2026-01-01", "to=x"):
        assert house.client.get(f"/kitchen/k-001/export?{wrong}").status_code == 422, wrong
