"""The JSON API over a real database: what a token may read, pages, faults in words, and a document that is whole."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from msgspec import Struct

from alerting.hooks.gather import Gatherer
from api.app import create_app
from api.doors.acts import Actor
from api.doors.token_book import new_token
from api.tokens import Scope
from api.v1.models import MODELS, IncidentDetail
from api.v1.schema import answers, document, example, schema
from contracts.happenings import Happening
from runtime.api_settings import ApiSettings
from runtime.db import AsyncConnection, Role, conninfo
from runtime.settings import DatabaseSettings, Settings
from tests.integration.alerting.town import City

ROOT = Path(__file__).resolve().parents[3]


def token(database: DatabaseSettings, *scopes: str, towns: tuple[str, ...] = (), name: str = "bureau") -> str:
    async def make() -> str:
        from psycopg import AsyncConnection as Plain
        from psycopg.rows import dict_row

        link: AsyncConnection = await Plain.connect(conninfo(database, Role.API), autocommit=True, row_factory=dict_row)
        async with link:
            return await new_token(link, Actor(None, "test"), name, scopes or [one.value for one in Scope], towns, 30)

    return asyncio.run(make())


class Program:
    """A program with a token at the door."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {key}", "Accept": "text/html"}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers={**self.headers, **headers})

    def good(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    def bad(self, path: str, status: int) -> Any:
        answer = self.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        return answer.json()


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[City]:
    made = City(city_db)
    yield made
    made.close()


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        database=city_db, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l", calls_per_minute=0)
    )
    with TestClient(create_app(settings)) as made:
        yield made


def test_rescues_page_by_page_as_webhooks_tell_them(city: City, client: TestClient) -> None:
    for lift in ("442001", "442002", "442003"):
        city.event(f"lift-{lift}", "trapped_non_level")
        city.now += timedelta(seconds=1)
    Gatherer().cycle(city.desk, city.now)
    program = Program(client, token(city.database))
    first = program.good("/incidents?limit=2&open=true")
    rest = program.good(f"/incidents?limit=2&open=true&after={first['next']}")
    assert [one["lift"] for one in first["incidents"] + rest["incidents"]] == ["442001", "442002", "442003"]
    assert rest["next"] is None
    number = first["incidents"][0]["number"]
    whole = program.good(f"/incidents/{number}")
    assert {entry["action"] for entry in whole["entries"]} >= {"opened", "tier_called"}
    assert whole["crews"][0]["state"] == "offered"
    assert "/c/" not in json.dumps(whole) and "link" not in json.dumps(whole)
    events = program.good("/events?limit=1")
    assert events["more"] is True
    told = program.good(f"/events?after={events['cursor']}&kinds=incident.tier_called")
    assert {one["kind"] for one in told["events"]} == {"incident.tier_called"}
    assert told["events"][0]["incident"].keys() == first["incidents"][0].keys()
    assert program.good(f"/events?after={told['cursor']}")["events"] == []
    row = city.one("SELECT document FROM happening ORDER BY seq LIMIT 1")
    assert events["events"] == [json.loads(row["document"])]
    assert program.good("/incidents?lift=442002")["incidents"][0]["lift"] == "442002"
    assert program.good("/incidents?until=2020-01-01T00:00:00Z")["incidents"] == []
    assert program.good("/incidents?state=closed")["incidents"] == []


def test_towns_and_scopes_narrow_everything(city: City, client: TestClient) -> None:
    city.event("lift-442001", "trapped_non_level")
    city.event("cam-k-001-1", "no_hat", confidence=0.99)
    Gatherer().cycle(city.desk, city.now)
    towns = {row["code"] for row in city.all("SELECT code FROM town")}
    home = city.one("SELECT p.town_code FROM lift l JOIN place p ON p.id = l.place_id WHERE l.code = '442001'")
    away = sorted(towns - {home["town_code"]})[0]
    mine = Program(client, token(city.database, towns=(home["town_code"],)))
    theirs = Program(client, token(city.database, towns=(away,), name="other"))
    number = mine.good("/incidents")["incidents"][0]["number"]
    assert theirs.good("/incidents")["incidents"] == []
    assert theirs.bad(f"/incidents/{number}", 404)["title"] == mine.bad("/incidents/R0", 404)["title"]
    assert theirs.bad("/lifts/442001", 404)["status"] == 404
    assert theirs.bad(f"/incidents?town={home['town_code']}", 422)["errors"][0]["field"] == "town"
    assert all(one["town"] == away for one in theirs.good("/lifts?limit=500")["lifts"])
    assert all(one["town"] == away for one in theirs.good("/kitchens?limit=500")["kitchens"])
    assert all(one["town"] == away for one in theirs.good("/events")["events"])
    assert all(one["town"] == away for one in theirs.good("/figures/rescues")["figures"])
    narrow = Program(client, token(city.database, "findings:read", name="narrow"))
    assert "incidents:read" in narrow.bad("/incidents", 403)["detail"]
    assert {one["kind"].partition(".")[0] for one in narrow.good("/events")["events"]} == {"finding"}
    nobody = Program(client, "slt_nothing")
    assert nobody.bad("/incidents", 401)["status"] == 401


def test_what_is_answered_fits_its_schema(city: City, client: TestClient) -> None:
    city.event("lift-442001", "trapped_non_level")
    city.event("cam-k-001-1", "no_hat", confidence=0.99)
    Gatherer().cycle(city.desk, city.now)
    program = Program(client, token(city.database))
    paths = client.get("/openapi.json").json()["paths"]
    number = program.good("/incidents")["incidents"][0]["number"]
    finding = program.good("/findings?open=true")["findings"][0]
    blanks = {"{number}": number, "{code}": "442001"}
    tried = 0
    for path, methods in paths.items():
        if not path.startswith("/api/v1/"):
            continue
        filled = path.removeprefix("/api/v1")
        if filled.startswith("/findings/"):
            filled = f"/findings/{finding['number']}"
        if filled.startswith("/kitchens/"):
            filled = f"/kitchens/{finding['kitchen']}"
        for blank, value in blanks.items():
            filled = filled.replace(blank, value)
        assert methods["get"]["security"] == [{"token": []}]
        shape = methods["get"]["responses"]["200"]["content"]["application/json"]
        Draft202012Validator(shape["schema"]).validate(program.good(filled))
        Draft202012Validator(shape["schema"]).validate(shape["example"])
        tried += 1
    assert tried == 11
    problem = answers(IncidentDetail, 404)[422]["content"]["application/problem+json"]
    Draft202012Validator(problem["schema"]).validate(program.bad("/incidents?limit=900", 422))


FAULTS = [
    ("limit=900", "query.limit", "'900'", "less than or equal to 500"),
    ("limit=x", "query.limit", "'x'", "a valid integer"),
    ("since=yesterday", "query.since", "'yesterday'", "valid datetime"),
    ("since=2026-11-26T00:00:00", "query.since", "'2026-11-26T00:00:00'", "timezone"),
    ("after=x", "after", "'x'", "the `next` of an earlier page"),
    ("state=lost", "state", "'lost'", "one of received, "),
]


def test_faults_name_field_value_and_expectation(city_db: DatabaseSettings, client: TestClient) -> None:
    program = Program(client, token(city_db))
    for query, field, value, expected in FAULTS:
        (fault,) = program.bad(f"/incidents?{query}", 422)["errors"]
        assert (fault["field"], fault["value"]) == (field, value)
        assert expected in fault["expected"]
    assert program.bad("/incidents?lift=%00", 422)["status"] == 422
    (fault,) = program.bad("/events?kinds=lift.lost", 422)["errors"]
    assert (fault["field"], fault["value"]) == ("kinds", "'lift.lost'")
    (fault,) = program.bad("/figures/rescues?from=2026-13", 422)["errors"]
    assert fault == {"field": "from", "value": "'2026-13'", "expected": "a month like 2026-11"}
    # What has not changed is not sent again.
    first = program.get("/lifts?limit=2")
    assert program.get("/lifts?limit=2", **{"If-None-Match": first.headers["etag"]}).status_code == 304
    assert program.get("/lifts?limit=3", **{"If-None-Match": first.headers["etag"]}).status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_who_calls_too_often_waits_and_calls_are_counted_once(city: City, tmp_path: Path) -> None:
    settings = Settings(database=city.database, api=ApiSettings(evidence=tmp_path, live=tmp_path, calls_per_minute=3))
    key = token(city.database)
    with TestClient(create_app(settings)) as client:
        program = Program(client, key)
        for _ in range(3):
            program.good("/lifts?limit=1")
        answer = program.get("/lifts?limit=1")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 21
        assert answer.headers["content-type"] == "application/problem+json"
    row = city.one("SELECT actor, object, details FROM audit_log WHERE action = 'api_read'")
    assert row["actor"] == "token bureau"
    assert row["details"]["calls"] == {"/api/v1/lifts": 3, "/api/v1/lifts 429": 1}


def test_the_audit_log_page_by_page(city: City, client: TestClient) -> None:
    city.owner.execute(
        "INSERT INTO audit_log (actor, action, object, reason) SELECT 'wang', 'evidence_viewed',"
        " 'camera cam-k-001-1', 'complaint ' || n FROM generate_series(1, 3) AS n"
    )
    program = Program(client, token(city.database))
    first = program.good("/audit?person=wang&limit=2")
    rest = program.good(f"/audit?person=wang&limit=2&after={first['next']}")
    assert [one["reason"] for one in first["entries"] + rest["entries"]] == [f"complaint {n}" for n in (1, 2, 3)]
    assert len(program.good("/audit?words=Complaint%202")["entries"]) == 1


def test_documents_say_what_the_models_say() -> None:
    kept = (ROOT / "docs/json-api.md").read_text("utf-8")
    assert document(kept) == kept, "run `python -m api.v1.write_docs`"
    models: tuple[type[Struct], ...] = (*MODELS, Happening)
    for model in models:
        for name, field in schema(model)["properties"].items():
            assert example(field) is not None or "null" in json.dumps(field), f"{model.__name__}.{name}: no example"
