"""Regulators' lists over a real city: filters, order, files, views, who looks after what, and whose towns they are."""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from api import commands
from api.app import create_app
from api.oversight.lists import TERMS
from api.oversight.risk import points, score
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Queries, Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
HERE, ELSEWHERE = "442000001", "442000106"
FINDING = """
INSERT INTO finding (number, kitchen_id, lift_id, device_id, rule, class, state, level, repeats, confidence, policy_id,
                     at, opened_at, last_at, due_at, closed_at)
SELECT %(number)s, k.id, l.id, d.id, %(rule)s, %(class)s, %(state)s, %(level)s, 1, 0.95, p.id, now(),
       now() - interval '1 day', now(), now() + interval '1 hour',
       CASE WHEN %(state)s IN ('closed', 'rejected') THEN now() END
FROM device d LEFT JOIN kitchen k ON k.id = d.kitchen_id LEFT JOIN lift l ON l.id = d.lift_id, policy p
WHERE d.code = %(device)s AND p.kind = 'kitchen'
"""
INCIDENT = """
INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, alarm_at, opened_at, dispatched_at, accepted_at,
                      arrived_at, released_at, closed_at, cause)
SELECT %(number)s, l.id, 'trapped_level', 'closed', 1, p.id, at, at, at, at + interval '1 minute',
       at + interval '12 minutes', at + interval '16 minutes', at + interval '1 hour', 'door_system'
FROM lift l, policy p, (SELECT now() - make_interval(days => %(days)s) AS at) AS t
WHERE l.code = '442001' AND p.kind = 'lift'
"""


class Room:
    """The pages over a city in which something has happened."""

    def __init__(self, owner: Connection, client: TestClient) -> None:
        self.owner, self.client = owner, client

    def sign_in(self, login: str) -> "Room":
        self.client.cookies.clear()
        self.client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        return self

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[-300:])
        return str(answer.text)

    def post(self, path: str, **fields: str) -> Any:
        token = re.search(r'name="csrf" value="([^"]+)"', self.page("/oversight/findings?view=none"))
        assert token
        return self.client.post(path, data={"csrf": token[1], **fields}, follow_redirects=False)

    def one(self, statement: str, *values: object) -> Any:
        row = self.owner.execute(statement, values).fetchone()
        assert row is not None
        return next(iter(row.values()))


@pytest.fixture(scope="module")
def room(postgres: Any, city_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    from tests.conftest import _clone

    database = DatabaseSettings(url=_clone(postgres, city_template, "oversight_lists"))
    folder: Path = tmp_path_factory.mktemp("oversight")
    settings = Settings(database=database, api=ApiSettings(evidence=folder / "e", live=folder / "l"))
    with (
        connect(database, Role.OWNER) as owner,
        TestClient(create_app(settings), headers={"accept": "text/html"}) as client,
    ):
        _fill(owner)
        # No desk is at work here: nobody waits for its word.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(commands, "WAIT_S", 0.0)
            yield Room(owner, client).sign_in("regulator")


def _fill(owner: Connection) -> None:
    owner.execute("UPDATE person SET password_hash = %s", (HASH,))
    bureau = owner.execute("SELECT id FROM organisation WHERE kind = 'bureau' LIMIT 1").fetchone()
    for login, town in (("here", HERE), ("elsewhere", ELSEWHERE)):
        owner.execute(
            "WITH p AS (INSERT INTO person (login, name, password_hash, organisation_id) VALUES (%s, %s, %s, %s)"
            " RETURNING id) INSERT INTO person_role (person_id, role, town_code) SELECT id, 'regulator', %s FROM p",
            (login, login, HASH, bureau["id"] if bureau else None, town),
        )
    for number, device, rule, kind, state, level in (
        ("F-77101", "cam-k-001-1", "stranger", "I", "overdue_red", 3),
        ("F-77102", "cam-k-001-1", "no_hat", "II", "pushed", 0),
        ("F-77103", "cam-k-004-1", "no_mask", "III", "rectified_claimed", 0),
        ("F-77104", "lift-442001", "door_not_opening", "II", "pushed", 0),
        ("F-77105", "cam-k-001-1", "no_hat", "II", "closed", 0),
    ):
        values = {"number": number, "device": device, "rule": rule, "class": kind, "state": state, "level": level}
        owner.execute(FINDING, values)
    for number, days in (("R-77201", 40), ("R-77202", 20), ("R-77203", 3)):
        owner.execute(INCIDENT, {"number": number, "days": days})
    owner.execute("UPDATE kitchen SET name_en = '=cmd()', name_zh = '=cmd()' WHERE code = 'k-001'")


def numbers(page: str) -> list[str]:
    return re.findall(r"data-row href=\"/oversight/(?:finding|kitchen|lift|incident)/([\w-]+)", page)


def test_the_queue_stands_by_risk_and_its_filters_narrow_it(room: Room) -> None:
    assert numbers(room.page("/oversight/findings"))[0] == "F-77101"
    assert set(numbers(room.page("/oversight/findings"))) == {"F-77101", "F-77102", "F-77103", "F-77104"}
    for asked, found in (
        ("late=1", ["F-77101"]),
        ("state=closed", ["F-77105"]),
        ("state=waiting", ["F-77103"]),
        ("subject=lift", ["F-77104"]),
        ("class=III", ["F-77103"]),
        ("rule=no_hat", ["F-77102"]),
        ("words=f-77104", ["F-77104"]),
        ("code=k-004", ["F-77103"]),
        ("words=%25", []),
        ("from=2999-01-01", []),
    ):
        assert numbers(room.page(f"/oversight/findings?{asked}")) == found, asked


@pytest.mark.parametrize("path", ["kitchens", "lifts", "incidents", "findings"])
def test_every_list_can_be_sorted_by_every_head_both_ways(room: Room, path: str) -> None:
    shown = room.page(f"/oversight/{path}?lang=en")
    sorts = set(re.findall(r"[?&;]sort=(\w+)", shown))
    assert sorts
    for sort in sorts:
        ways = [numbers(room.page(f"/oversight/{path}?sort={sort}&order={order}")) for order in ("asc", "desc")]
        assert sorted(ways[0]) == sorted(ways[1]) != []
    room.page(f"/oversight/{path}?sort=nothing", 422)


def test_the_database_reckons_the_risk_as_the_page_explains_it(room: Room) -> None:
    queries = Queries("api.oversight", "lists.sql")
    asked = {
        **dict.fromkeys(("town", "kind", "code", "words", "cameras", "open", "unit", "state", "rule", "subject"), ""),
        **dict.fromkeys(("officer", "late", "class"), ""),
        **dict.fromkeys(("from", "to", "towns")),
        **{"sort": "risk", "order": "desc", "limit": 100, "skip": 0, "me": 1},
    }
    for name in ("kitchens", "lifts", "findings"):
        rows = room.owner.execute(queries[name], {**asked, **points(TERMS[name])}).fetchall()
        assert rows and rows[0]["risk"] > 0
        assert [row["risk"] for row in rows] == [score(row, TERMS[name]) for row in rows], name


def test_trapped_again_stands_on_the_lifts_page(room: Room) -> None:
    assert numbers(room.page("/oversight/lifts?state=again")) == ["442001"]
    page = room.page("/oversight/lift/442001?lang=en")
    assert "trapped again within 30 days: 2" in page
    assert all(f"/oversight/incident/{number}" in page for number in ("R-77201", "R-77202", "R-77203"))
    assert "F-77104" in page


def test_files_say_what_the_list_says_and_carry_nothing_out(room: Room) -> None:
    text = room.page("/oversight/kitchens?format=csv&lang=en&code=k-001")
    assert text.startswith("\ufeffCode,Place,Risk")
    assert "'=cmd()" in text and ",=cmd()" not in text
    answer = room.client.get("/oversight/kitchens?format=xlsx&lang=zh&sort=code&order=asc")
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert rows[0][:3] == ["编号", "场所", "风险"]
    assert [row[0] for row in rows[1:]] == sorted(str(row[0]) for row in rows[1:])
    assert rows[1][1] == "'=cmd()"
    times = openpyxl.load_workbook(io.BytesIO(room.client.get("/oversight/incidents?format=xlsx").content))
    assert times.worksheets[0]["B2"].is_date
    room.page("/oversight/kitchens?format=pdf", 422)


def test_files_that_nobody_takes_keep_no_page_from_anybody(room: Room) -> None:
    room.sign_in("regulator")
    app, cookie = room.client.app, "; ".join(f"{name}={value}" for name, value in room.client.cookies.items())

    async def ask(path: str, query: str, send: Callable[[Message], Awaitable[None]]) -> None:
        headers = [(b"host", b"testserver"), (b"accept", b"text/html"), (b"cookie", cookie.encode())]
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": headers}

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        await app({**scope, "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http"}, receive, send)

    async def look() -> int:
        statuses: list[int] = []

        async def stalled(message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def taken(message: Message) -> None:
            statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

        files = [asyncio.create_task(ask("/oversight/lifts", "format=csv", stalled)) for _ in range(9)]
        await asyncio.sleep(2)
        await asyncio.wait([asyncio.create_task(ask("/oversight/policies", "", taken))], timeout=8)
        for one in files:
            one.cancel()
        await asyncio.gather(*files, return_exceptions=True)
        return statuses[0]

    assert room.client.portal is not None
    assert room.client.portal.call(look) == 200


def test_a_finding_is_assigned_and_taken_back(room: Room) -> None:
    here = str(room.one("SELECT id FROM person WHERE login = 'here'"))
    elsewhere = str(room.one("SELECT id FROM person WHERE login = 'elsewhere'"))
    assert room.post("/oversight/finding/F-77102/assign", officer=elsewhere).status_code == 422
    assert room.post("/oversight/finding/F-77105/assign", officer=here).status_code == 422
    assert room.post("/oversight/finding/F-77102/assign", officer=here, note="look today").status_code == 303
    page = room.page("/oversight/finding/F-77102?lang=en")
    assert "here looks after it" in page and "look today" in page
    room.sign_in("here")
    assert numbers(room.page("/oversight/findings?officer=me")) == ["F-77102"]
    assert "Mine" in room.page("/oversight?lang=en")
    room.sign_in("regulator")
    assert numbers(room.page("/oversight/findings?officer=anybody")) == ["F-77102"]
    assert room.post("/oversight/finding/F-77102/assign").status_code == 303
    assert numbers(room.page("/oversight/findings?officer=anybody")) == []
    assert room.one("SELECT count(*) FROM finding_assignment") == 2


def test_a_finding_is_judged_from_the_list_and_leads_back_to_it(room: Room) -> None:
    page = room.page("/oversight/findings?state=waiting")
    assert (
        'action="/oversight/finding/F-77103/verify"' in page
        and 'formaction="/oversight/finding/F-77103/reject"' in page
    )
    answer = room.post("/oversight/finding/F-77103/verify", back="/oversight/findings?state=waiting")
    assert answer.headers["location"] == "/oversight/findings?state=waiting&said=waiting"
    assert "waiting to be carried out" in room.page(f"{answer.headers['location']}&lang=en")
    assert room.one("SELECT count(*) FROM command WHERE kind = 'verify'") == 1


def test_the_queue_leads_from_one_to_the_next(room: Room) -> None:
    order = numbers(room.page("/oversight/findings"))
    page = room.page(f"/oversight/finding/{order[1]}?queue=&lang=en")
    assert "2 of 4" in page
    assert re.search(rf"data-before href=\"/oversight/finding/{order[0]}\?queue=", page)
    assert re.search(rf"data-next href=\"/oversight/finding/{order[2]}\?queue=", page)
    closed = room.page("/oversight/finding/F-77105?queue=&lang=en")
    assert "no longer in the list" in closed
    room.page("/oversight/finding/F-77101?queue=state%3Dnone", 422)
    back = room.post("/oversight/finding/F-77103/assign", back="https://example.org/", officer="")
    assert back.headers["location"].startswith("/oversight/finding/F-77103")


def test_a_view_is_kept_shared_first_and_forgotten(room: Room) -> None:
    saved = room.post("/oversight/views", list="findings", name="late ones", query="late=1&sort=due", shared="yes")
    assert saved.headers["location"] == "/oversight/findings?late=1&sort=due"
    view = room.one("SELECT id FROM saved_view WHERE name = 'late ones'")
    assert "late ones" in room.page("/oversight/findings")
    room.owner.execute(
        "UPDATE person SET organisation_id = (SELECT organisation_id FROM person WHERE login = 'here')"
        " WHERE login = 'regulator'"
    )
    assert "late ones" in room.sign_in("here").page("/oversight/findings")
    assert room.post(f"/oversight/views/{view}/delete").status_code == 404, "it is another's"
    room.sign_in("regulator")
    assert room.post(f"/oversight/views/{view}/change", name="first", default="yes").status_code == 303
    first = room.client.get("/oversight/findings", follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/oversight/findings?late=1&sort=due")
    assert "first" not in room.sign_in("here").page("/oversight/findings"), "it is no longer shared"
    room.sign_in("regulator")
    for wrong in ({"list": "people"}, {"name": " "}, {"query": "state=x"}):
        assert room.post("/oversight/views", **{"list": "findings", "name": "x", **wrong}).status_code == 422
    assert room.post(f"/oversight/views/{view}/delete").status_code == 303
    assert numbers(room.page("/oversight/findings"))


def test_a_regulator_of_another_town_sees_nothing_of_this_one(room: Room) -> None:
    room.sign_in("elsewhere")
    for path in ("kitchen/k-001", "lift/442001", "finding/F-77101"):
        room.page(f"/oversight/{path}", 404)
    lists = {path: room.page(f"/oversight/{path}?lang=en") for path in ("kitchens", "lifts", "incidents", "findings")}
    for words in ("k-001", "442001", "R-77201", "F-77101"):
        assert all(words not in page for page in lists.values()), words
    for path in ("?lang=en", "/kpis?lang=en", "/units?lang=en", "/report?lang=en", "/towns.json", "/units?format=csv"):
        assert "Shiqi" not in room.page(f"/oversight{path}"), path
    room.page(f"/oversight/report?town={HERE}", 422)
    assert "mu-1," not in room.page("/oversight/units?format=csv") or room.one(
        "SELECT count(*) FROM lift l JOIN place p ON p.id = l.place_id JOIN organisation o"
        " ON o.id = l.maintenance_org_id WHERE o.code = 'mu-1' AND p.town_code = %s",
        ELSEWHERE,
    )
    room.sign_in("regulator")


def test_figures_stand_on_the_overview_the_targets_the_units_and_the_report(room: Room) -> None:
    overview = room.page("/oversight?lang=en&months=24&measure=trapped")
    assert "1 of class I +25" in re.sub(r"<[^>]+>", "", overview)
    assert "trapped again within 30 days: 2" in overview
    targets = room.page("/oversight/kpis?lang=en")
    assert "0 of 6" in targets and "target 80 %" in targets and "rapid tests" in targets
    units = room.page("/oversight/units?lang=en&sort=silent")
    assert "Not ranked: fewer than 30 passenger lifts" in units
    unit = room.one(
        "SELECT o.code FROM lift l JOIN organisation o ON o.id = l.maintenance_org_id WHERE l.code = '442001'"
    )
    assert "R-77203" in room.page(f"/oversight/unit/{unit}?lang=en")
    room.page("/oversight/unit/nobody", 404)
    month = room.one(
        "SELECT to_char(alarm_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') FROM incident WHERE number = 'R-77201'"
    )
    report = room.page(f"/oversight/report?month={month}&lang=en")
    assert f"Oversight report {month}" in report and "Made by" in report
    room.page("/oversight/report?month=2999-01", 422)
    points = room.client.get("/oversight/towns.json?measure=late&lang=en").json()["features"]
    assert {point["properties"]["kind"] for point in points} == {"town"}
    for path in ("?measure=x", "?months=13", "/towns.json?measure=x", "/units?sort=x"):
        room.page(f"/oversight{path}", 422)


def test_the_accounting_of_a_town_is_of_its_devices(room: Room) -> None:
    room.owner.execute(
        "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', now(), now() FROM device"
        " WHERE code IN ('lift-442001', 'lift-442009')"
    )
    room.owner.execute(
        "INSERT INTO stranger (site, code, reason, first_seen, last_seen, messages, events, kept, lanes)"
        " VALUES ('far', 'stranger-1', 'unknown', now(), now(), 1, 0, 0, '{event}')"
    )
    whole = room.page("/oversight/accounting?lang=en")
    assert all(code in whole for code in ("lift-442001", "lift-442009", "stranger-1"))
    part = room.sign_in("here").page("/oversight/accounting?lang=en")
    assert "lift-442001" in part and "lift-442009" not in part and "stranger-1" not in part
    assert "Only the devices of your towns" in part
    asked = room.page("/oversight/accounting?device=lift-442009&lang=en")
    assert ">lift-442009<" not in asked
    room.sign_in("regulator")
