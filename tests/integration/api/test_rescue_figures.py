"""The figures of rescues over a real database: what counts, whose it is, and what the page says of nothing."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings

NOW = datetime.now(UTC).replace(microsecond=0)
T0 = NOW - timedelta(days=2)
FACTS = """
SELECT left_out, response_s IS NOT NULL AND response_missed_at IS NULL AS answered,
       coalesce(response_missed_at <= %(now)s, false) AS unanswered,
       arrival_s IS NOT NULL AND arrival_missed_at IS NULL AS arrived,
       coalesce(arrival_missed_at <= %(now)s, false) AS not_arrived
FROM rescue_fact WHERE id = %(id)s
"""
CALLS = FACTS.replace("left_out,", "NULL AS left_out,").replace("rescue_fact WHERE id", "unit_call WHERE unit_id")


def at(minutes: float | None, start: datetime = T0) -> datetime | None:
    return None if minutes is None else start + timedelta(minutes=minutes)


def incident(
    connection: Connection,
    lift: str = "442001",
    state: str = "closed",
    source: str = "sensor",
    start: datetime = T0,
    mass: int | None = None,
    tier: int = 1,
    cause: str | None = None,
    **minutes: float | None,
) -> int:
    """One row; times in minutes after the alarm. It is dispatched after one minute, and closed after a day."""
    times = {"dispatched": 1.0, "closed": 1440.0, **minutes}
    row = connection.execute(
        "INSERT INTO incident (number, lift_id, rule, source, state, tier, policy_id, alarm_at, opened_at,"
        " dispatched_at, accepted_at, arrived_at, released_at, closed_at, mass_id, cause)"
        " SELECT 'R-' || (SELECT count(*) FROM incident), l.id, 'trapped_level', %(source)s, %(state)s, %(tier)s,"
        " (SELECT max(id) FROM policy WHERE kind = 'lift'), %(start)s, %(start)s, %(dispatched)s, %(accepted)s,"
        " %(arrived)s, %(released)s, %(closed)s, %(mass)s, %(cause)s FROM lift l WHERE l.code = %(lift)s RETURNING id",
        {
            **{
                name: at(times.get(name), start) for name in ("dispatched", "accepted", "arrived", "released", "closed")
            },
            **{"lift": lift, "state": state, "source": source, "start": start, "mass": mass, "tier": tier},
            "cause": cause,
        },
    ).fetchone()
    assert row is not None
    return int(row["id"])


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.mark.parametrize(
    ("times", "state", "answered", "unanswered", "arrived", "not_arrived"),
    [
        ({"accepted": 3.0, "arrived": 12.0, "released": 15.0}, "closed", True, False, True, False),
        ({"accepted": 4.0, "arrived": 30.0, "released": 33.0}, "closed", True, False, True, False),
        ({"accepted": 4.1, "arrived": 30.1, "released": 33.0}, "closed", False, True, False, True),
        # Who stands at the lift has answered, whatever was pressed.
        ({"arrived": 3.5, "released": 9.0}, "closed", True, False, True, False),
        # Out before anybody had to answer or come: neither kept nor broken.
        ({"released": 2.0, "closed": 2.0}, "self_released", False, False, False, False),
        ({"accepted": 2.0, "released": 20.0, "closed": 20.0}, "self_released", True, False, False, False),
        # Never answered, never there.
        ({"closed": 50.0}, "self_released", False, True, False, True),
        # Open, and the time is up.
        ({"closed": None}, "dispatched", False, True, False, True),
        ({"accepted": 2.0, "closed": None}, "accepted", True, False, False, True),
    ],
)
def test_a_promise_is_kept_broken_or_neither(
    city: Connection,
    times: dict[str, Any],
    state: str,
    answered: bool,
    unanswered: bool,
    arrived: bool,
    not_arrived: bool,
) -> None:
    row = incident(city, state=state, **times)
    found = city.execute(FACTS, {"now": NOW, "id": row}).fetchone()
    assert found == {
        "left_out": None,
        "answered": answered,
        "unanswered": unanswered,
        "arrived": arrived,
        "not_arrived": not_arrived,
    }


def test_a_promise_that_is_still_open_is_neither(city: Connection) -> None:
    row = incident(city, state="accepted", accepted=2.0, closed=None)
    found = city.execute(FACTS, {"now": at(29.0), "id": row}).fetchone()
    assert found is not None and not found["arrived"] and not found["not_arrived"]
    city.execute("UPDATE place SET remote = true")
    for minutes, broken in ((45.0, False), (60.0, True)):
        found = city.execute(FACTS, {"now": at(minutes), "id": row}).fetchone()
        assert found is not None and found["not_arrived"] is broken


@pytest.mark.parametrize(
    ("state", "source", "why"),
    [
        ("closed", "drill", "drill"),
        ("false_alarm", "sensor", "false_alarm"),
        ("fault_not_trapped", "phone", "fault_not_trapped"),
        ("merged", "sensor", "merged"),
        ("self_released", "sensor", None),
        ("closed", "phone", None),
    ],
)
def test_what_is_left_out_says_why(city: Connection, state: str, source: str, why: str | None) -> None:
    row = incident(city, state=state, source=source)
    found = city.execute(FACTS, {"now": NOW, "id": row}).fetchone()
    assert found is not None and found["left_out"] == why
    public = city.execute("SELECT count(*) AS n FROM public_rescue").fetchone()
    assert public == {"n": 0 if why else 1}


@pytest.mark.parametrize(
    ("state", "times", "expected"),
    [
        ("released", {"accepted": 3.0, "arrived": 12.0, "ended": 15.0}, (True, False, True, False)),
        ("declined", {"ended": 2.0}, (False, True, False, False)),
        # It had accepted and did not come.
        ("declined", {"accepted": 2.0, "ended": 9.0}, (True, False, False, True)),
        # Others were there first, in time: it has broken nothing.
        ("stood_down", {"accepted": 2.0, "ended": 8.0}, (True, False, False, False)),
        ("stood_down", {"ended": 2.5}, (False, False, False, False)),
        ("stood_down", {"ended": 40.0}, (False, True, False, True)),
        ("offered", {}, (False, True, False, True)),
    ],
)
def test_a_unit_answers_for_its_own_crew(
    city: Connection, state: str, times: dict[str, float], expected: tuple[bool, bool, bool, bool]
) -> None:
    row = incident(city, accepted=3.5, arrived=35.0, released=50.0)
    city.execute(
        "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, accepted_at, arrived_at,"
        " ended_at, link_sha256, link_expires)"
        " SELECT %(id)s, 1, 1, %(state)s, %(offered)s, %(accepted)s, %(arrived)s, %(ended)s,"
        " 'x', now()",
        {
            "id": row,
            "state": state,
            "offered": at(1.0),
            **{name: at(times.get(name)) for name in ("accepted", "arrived", "ended")},
        },
    )
    found = city.execute(CALLS, {"now": NOW, "id": 1}).fetchone()
    assert found is not None
    assert (found["answered"], found["unanswered"], found["arrived"], found["not_arrived"]) == expected


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASHER.hash("a good password"),))
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        made.post("/login", data={"login": "regulator", "password": "a good password"})
        yield made


def rows_of(client: TestClient, of: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.get("/oversight/rescues", params={"format": "csv", "of": of, **asked})
    assert answer.status_code == 200 and f"rescues-{of}-" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_an_empty_city_says_what_would_stand_here(client: TestClient) -> None:
    page = client.get("/oversight/rescues?lang=en").text
    assert "Nobody was trapped in this period." in page
    assert "No lift has trapped people twice" in page and "No mass incident" in page
    assert "0.00 %" in page and "100.0 %" not in page  # nobody trapped is a rate; a share of nothing is not known
    assert page.count("no data") > 5


def test_drills_and_mass_incidents(client: TestClient, city: Connection) -> None:
    for lift in ("442001", "442002", "442003"):
        incident(city, lift, accepted=2.0, arrived=10.0, released=12.0, cause="misuse")
    incident(city, "442004", source="drill", accepted=2.0, arrived=10.0, released=12.0)
    incident(city, "442004", state="false_alarm")
    mass = city.execute(
        "INSERT INTO mass_incident (number, cause, grid_code, opened_at, last_at, lifts) VALUES"
        " ('M-1', 'power', 'g-1', %s, %s, 2) RETURNING id",
        (T0, T0),
    ).fetchone()
    assert mass is not None
    for lift in ("442005", "442006"):
        incident(city, lift, mass=mass["id"], accepted=9.0, arrived=40.0, released=45.0, tier=2)
    page = client.get("/oversight/rescues?lang=en").text
    assert "5 entrapments in" in page and "2 of them in mass incidents" in page
    assert "1 drills, 1 false alarms, 0 faults" in page
    assert "M-1" in page and "power cut" in page
    shares = {
        mass: [row["response_3_min_percent"] for row in rows_of(client, "months", mass=mass)][-1]
        for mass in ("out", "in", "only")
    }
    assert shares == {"out": "100.0", "in": "60.0", "only": "0.0"}
    (month,) = [row for row in rows_of(client, "months") if row["trapped"] != "0"][-1:]
    assert (month["trapped"], month["trapped_in_mass_incidents"], month["tier_1"], month["tier_2"]) == (
        "5",
        "2",
        "3",
        "0",
    )


def test_a_regulator_sees_the_own_towns_alone(client: TestClient, city: Connection) -> None:
    incident(city, "442001", accepted=2.0, arrived=10.0, released=12.0)
    incident(city, "442012", accepted=2.0, arrived=10.0, released=12.0)
    both = {row["town_code"]: row["trapped"] for row in rows_of(client, "towns")}
    assert sorted(both.values()) == ["0", "1", "1"]
    own = city.execute(
        "SELECT p.town_code FROM lift l JOIN place p ON p.id = l.place_id WHERE l.code = '442001'"
    ).fetchone()
    assert own is not None
    city.execute(
        "UPDATE person_role r SET town_code = %s FROM person p WHERE p.id = r.person_id AND p.login = 'regulator'",
        (own["town_code"],),
    )
    assert [(row["town_code"], row["trapped"]) for row in rows_of(client, "towns")] == [(own["town_code"], "1")]
    units = [row["unit"] for row in rows_of(client, "units")]
    assert "mu-3" not in units and units
    assert "442012" not in client.get("/oversight/rescues?lang=en").text
    for field, value in (("town", next(town for town in both if town != own["town_code"])), ("unit", "mu-3")):
        refused = client.get("/oversight/rescues", params={field: value})
        nowhere = client.get("/oversight/rescues", params={field: "no-such"})
        assert refused.status_code == nowhere.status_code == 422
        # Theirs and nobody's look the same.
        assert refused.text.replace(value, "") == nowhere.text.replace("no-such", "")


def test_few_lifts_stand_apart_and_many_are_ranked(client: TestClient, city: Connection) -> None:
    city.execute(
        "INSERT INTO lift (code, place_id, name_zh, name_en, maintenance_org_id)"
        " SELECT (500000 + n)::text, p.id, 'x', 'x', o.id FROM generate_series(1, 40) n,"
        " (SELECT id FROM place WHERE code = 'p-1') p, (SELECT id FROM organisation WHERE code = 'mu-2') o"
    )
    ranked = {row["unit"]: row["ranked"] for row in rows_of(client, "units")}
    assert ranked["mu-2"] == "True" and ranked["mu-1"] == "False"
    page = client.get("/oversight/rescues?lang=en&sort=name&order=asc").text
    assert "Not ranked: fewer than 30 passenger lifts" in page
    assert (
        page.index("Hengsheng Lift Maintenance</th>")
        < page.index("Not ranked")
        < page.index("Anjie Lift Maintenance</th>")
    )
    assert 'aria-sort="ascending"' in page and "sort=name&amp;order=desc" in page


def test_lifts_that_trap_again(client: TestClient, city: Connection) -> None:
    for days in (0, 29, 61):
        start = T0 - timedelta(days=days)
        incident(city, "442001", start=start, accepted=2.0, arrived=10.0, released=12.0)
    for days in (0, 31):
        incident(city, "442002", start=T0 - timedelta(days=days))
    (row,) = rows_of(client, "repeats", **{"from": f"{T0 - timedelta(days=80):%Y-%m}"})
    assert (row["code"], row["again"], row["trapped"]) == ("442001", "1", "3")
    assert float(row["shortest_days"]) == 29.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "2026-13"}, "from: &#39;2026-13&#39;, expected a month like 2026-11"),
        ({"of": "secrets"}, "of: &#39;secrets&#39;, expected one of months, towns, units, repeats"),
        ({"mass": "1"}, "mass: &#39;1&#39;, expected one of out, in, only"),
    ],
)
def test_a_bad_address_is_named(client: TestClient, asked: dict[str, str], said: str) -> None:
    answer = client.get("/oversight/rescues", params=asked)
    assert answer.status_code == 422 and said in answer.text


def test_only_regulators_look(client: TestClient) -> None:
    for login in ("owner1", "operator"):
        client.post("/login", data={"login": login, "password": "a good password"})
        assert client.get("/oversight/rescues").status_code == 404


def test_no_text_of_a_file_is_a_formula(client: TestClient, city: Connection) -> None:
    city.execute("UPDATE organisation SET name_zh = '=HYPERLINK(1)' WHERE code = 'mu-1'")
    assert next(row for row in rows_of(client, "units") if row["unit"] == "mu-1")["unit_zh"] == "'=HYPERLINK(1)"


def test_the_public_sees_the_same_definitions(client: TestClient, city: Connection) -> None:
    incident(city, "442001", accepted=2.0, arrived=10.0, released=12.0)
    incident(city, "442002", accepted=9.0, arrived=40.0, released=45.0, tier=2)
    incident(city, "442003", source="drill")
    client.cookies.clear()
    page = client.get("/?lang=en").text
    assert "2 entrapments on 12 passenger lifts" in page
    assert page.count("50.0 <small>%") == 5 and page.count("25.0 <small>min") == 3
    assert "50.00 <small>%" in page
    lines = list(csv.DictReader(io.StringIO(client.get("/open-data/rescues.csv").text)))
    assert sum(int(row["rescues"]) for row in lines) == 2
    assert sum(int(row["not_arrived_in_30_min"]) for row in lines) == 1
    assert client.get("/open-data/rescues.json").json()["rows"][0].keys() == lines[0].keys()
