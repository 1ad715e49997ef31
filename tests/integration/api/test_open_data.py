"""Open data: the dictionary says what the files hold, small cells are empty, and nothing is sent twice."""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.i18n import LANGUAGES, catalogue
from api.public.datasets import DATASETS
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def client(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        yield made


def findings(city: Connection, rule: str, count: int, state: str = "pushed") -> None:
    city.execute(
        "INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id, at,"
        " opened_at, last_at, rectified_at, rectify_due)"
        " SELECT %(rule)s || %(state)s || n, k.id, d.id, gen_random_uuid(), %(rule)s, 'II', %(state)s, 0.9,"
        " (SELECT max(id) FROM policy WHERE kind = 'kitchen'), now(), now(), now(), now() + interval '1 hour',"
        " now() + interval '2 hours'"
        " FROM generate_series(1, %(count)s) n, kitchen k JOIN device d ON d.kitchen_id = k.id"
        " WHERE d.code = 'cam-k-001-1'",
        {"rule": rule, "count": count, "state": state},
    )


def lines(client: TestClient, name: str) -> list[dict[str, str]]:
    answer = client.get(f"/open-data/{name}.csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_file_holds_what_the_dictionary_says(client: TestClient, city: Connection, name: str) -> None:
    findings(city, "no_hat", 6)
    city.execute("INSERT INTO open_kitchen_day SELECT current_date, code, 2, now(), 20, 15 FROM town LIMIT 1")
    city.execute(
        "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at, dispatched_at, arrived_at)"
        " SELECT 'R1', l.id, 'trapped_level', 'arrived', p.id, now(), now(), now(), now()"
        " FROM lift l, policy p WHERE l.code = '442001' AND p.kind = 'lift'"
    )
    dataset, found = DATASETS[name], lines(client, name)
    assert found and tuple(found[0]) == dataset.names
    told = client.get(f"/open-data/{name}.json").json()
    assert told["licence"] == "CC-BY-4.0" and tuple(told["columns"]) == dataset.names
    assert len(told["rows"]) == len(found) and all(tuple(row) == dataset.names for row in told["rows"])
    for column in dataset.columns:
        values = [row[column.name] for row in told["rows"] if row[column.name] is not None]
        kinds: dict[str, type | tuple[type, ...]] = {"integer": int, "number": (int, float), "boolean": bool}
        assert all(isinstance(value, kinds.get(column.kind, str)) for value in values), column
    page = client.get("/open-data?lang=en").text
    for column in dataset.columns:
        assert f"<code>{column.name}</code>" in page
        for language in LANGUAGES:
            assert {f"column.{column.name}", f"open.kind_{column.kind}"} <= catalogue(language).keys()


def test_what_could_be_of_one_person_is_empty(client: TestClient, city: Connection) -> None:
    findings(city, "no_hat", 4)
    findings(city, "no_mask", 5)
    findings(city, "stranger", 9, "rejected")
    found = {row["rule"]: row for row in lines(client, "findings")}
    assert found.keys() == {"no_hat", "no_mask"}
    assert (found["no_hat"]["findings"], found["no_hat"]["suppressed"]) == ("", "true")
    assert (found["no_mask"]["findings"], found["no_mask"]["put_right_in_time"], found["no_mask"]["suppressed"]) == (
        *("5", "5"),
        "false",
    )


def test_the_mean_of_few_rescues_is_empty(client: TestClient, city: Connection) -> None:
    def rescues(count: int, month: datetime) -> None:
        city.execute(
            "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at, dispatched_at,"
            " accepted_at, arrived_at, released_at, closed_at)"
            " SELECT %(name)s || n, l.id, 'trapped_level', 'closed', p.id, %(at)s, %(at)s, %(at)s, %(at)s,"
            " %(at)s::timestamptz + interval '10 min', %(at)s::timestamptz + interval '14 min', %(at)s"
            " FROM generate_series(1, %(count)s) n, lift l, policy p WHERE l.code = '442001' AND p.kind = 'lift'",
            {"name": month.strftime("%m-"), "count": count, "at": month},
        )

    now = datetime.now(UTC)
    rescues(4, now - timedelta(days=70))
    rescues(5, now - timedelta(days=140))
    few, many = sorted(lines(client, "rescues"), key=lambda row: int(row["rescues"]))
    assert (few["rescues"], few["mean_arrival_min"], few["mean_release_min"]) == ("4", "", "")
    assert (many["rescues"], many["mean_arrival_min"], many["mean_release_min"]) == ("5", "10.0", "4.0")


def test_a_file_is_for_everybody_and_not_sent_twice(client: TestClient) -> None:
    first = client.get("/open-data/lifts.csv")
    headers = first.headers
    assert headers["access-control-allow-origin"] == "*" and "set-cookie" not in headers
    assert headers["content-disposition"] == 'attachment; filename="sunlit-lifts.csv"'
    assert headers["content-encoding"] == "gzip" and "public" in headers["cache-control"]
    for known in ({"if-none-match": headers["etag"]}, {"if-modified-since": headers["last-modified"]}):
        assert client.get("/open-data/lifts.csv", headers=known).status_code == 304
    plain = client.get("/open-data/lifts.csv", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.text == first.text
    assert client.get("/open-data/lifts.csv", headers={"if-modified-since": "yesterday"}).status_code == 200
    assert client.head("/open-data/lifts.csv").status_code == 200
    # Only open data may be read by other sites' pages.
    for path in ("/", "/lift/442001", "/search?q=442", "/open-data"):
        assert "access-control-allow-origin" not in client.get(path).headers, path


@pytest.mark.parametrize("path", ["/open-data/persons.csv", "/open-data/lifts.xml", "/open-data/../lifts.csv.new"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_person_and_no_inside_is_in_any_file(client: TestClient, city: Connection) -> None:
    secrets: list[Any] = [row["name"] for row in city.execute("SELECT name FROM person")]
    secrets += [row["phone"] for row in city.execute("SELECT phone FROM organisation WHERE phone <> ''")]
    for name in DATASETS:
        text = client.get(f"/open-data/{name}.json").text
        assert [secret for secret in secrets if secret in text] == [], name


def test_no_cell_is_a_formula(client: TestClient, city: Connection) -> None:
    city.execute("UPDATE kitchen SET name_zh = '=HYPERLINK(1)'")
    assert {row["name_zh"] for row in lines(client, "kitchens")} == {"'=HYPERLINK(1)"}
    packed = client.get("/open-data/kitchens.json").content
    assert b"'=HYPERLINK" not in packed and b"=HYPERLINK" in packed
    assert gzip.compress(packed)
