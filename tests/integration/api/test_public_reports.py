"""Reports from the public: taken without an account, at a rate, with a number; nobody's address is kept."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.public import reports, stamp
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings

LIFT = "/lift/442001/report"
PASSWORD = "a good password"


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASHER.hash(PASSWORD),))
        yield connection


@pytest.fixture
def client(city: Connection, city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "e", live=tmp_path / "l"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as made:
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test."""
    monkeypatch.setattr(stamp, "LEAST_S", 0.0)


def given(client: TestClient, path: str = LIFT) -> str:
    found = re.search(r'name="given" value="([^"]+)"', client.get(path).text)
    assert found
    return found.group(1)


def send(client: TestClient, path: str = LIFT, **fields: str) -> httpx.Response:
    form = {"body": "it shakes", "given": given(client, path), **fields}
    answer: httpx.Response = client.post(f"{path}?lang=en", data=form, follow_redirects=False)
    return answer


def number_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0].rpartition("/")[2]


def count(city: Connection) -> int:
    row = city.execute("SELECT count(*) AS n FROM public_report").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.usefixtures("quick")
def test_a_report_is_kept_and_followed_up_by_its_state_alone(client: TestClient, city: Connection) -> None:
    answer = send(client, contact="me@example.com")
    number = number_of(answer)
    page = client.get(answer.headers["location"]).text
    assert number in page and "Thank you" in page and "received" in page
    row = city.execute("SELECT body, contact, lift_id IS NOT NULL AS lift FROM public_report").fetchone()
    assert row == {"body": "it shakes", "contact": "me@example.com", "lift": True}
    city.execute("UPDATE public_report SET state = 'answered', changed_at = now(), note = 'told them'")
    page = client.get("/report", params={"number": number.lower(), "lang": "en"}).text
    assert ">answered</span>" in page
    for secret in ("it shakes", "me@example.com", "told them", "442001"):
        assert secret not in page
    assert "no-store" in client.get(f"/report/{number}").headers["cache-control"]
    unknown = client.get("/report/ABCD-EFGH?lang=en")
    assert unknown.status_code == 404 and "There is no report with the number" in unknown.text


@pytest.mark.usefixtures("quick")
def test_the_same_form_sent_twice_is_one_report(client: TestClient, city: Connection) -> None:
    form = given(client)
    assert number_of(send(client, given=form)) == number_of(send(client, given=form)) and count(city) == 1
    assert number_of(send(client, given=form, body="something else")) and count(city) == 2


@pytest.mark.usefixtures("quick")
def test_a_flood_is_not_taken_and_words_are_not_lost(client: TestClient, city: Connection) -> None:
    answers = [send(client, body=f"no {n}") for n in range(reports.MOST["sender_hour"] + 1)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "no 3</textarea>" in answers[-1].text and 'role="alert"' in answers[-1].text
    # Another place and another language change nothing; an hour does.
    assert send(client, "/restaurant/k-001/report").status_code == 429
    city.execute("UPDATE report_seen SET at = at - interval '61 minutes'")
    assert send(client).status_code == 303
    city.execute("UPDATE report_seen SET at = now(), sender = 'another' || id")
    monkey = {"sender_hour": 99, "sender_day": 99, "subject_hour": count(city), "city_hour": 99}
    before, reports.MOST = reports.MOST, monkey
    try:
        assert send(client).status_code == 429
        assert send(client, "/restaurant/k-001/report").status_code == 303
    finally:
        reports.MOST = before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"body": "  \n "}, "Please write what happened"),
        ({"body": "x" * 2001}, "at most 2000"),
        ({"website": "http://spam.example"}, "hidden field"),
        ({"given": ""}, "Your words are still here"),
        ({"given": "1.2.3"}, "Your words are still here"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_what_is_not_taken_says_why(client: TestClient, city: Connection, fields: dict[str, str], words: str) -> None:
    answer = send(client, **fields)
    assert answer.status_code == 422 and words in answer.text and count(city) == 0


def test_nobody_writes_within_a_moment(client: TestClient, city: Connection) -> None:
    answer = send(client, body="it <shakes>")
    assert answer.status_code == 422 and "it &lt;shakes&gt;</textarea>" in answer.text and count(city) == 0


@pytest.mark.usefixtures("quick")
def test_a_form_of_one_place_is_not_one_of_another(client: TestClient, city: Connection) -> None:
    form = given(client)
    assert send(client, "/restaurant/k-001/report", given=form).status_code == 422 and count(city) == 0
    assert client.get("/lift/000000/report").status_code == 404
    assert client.post("/lift/442001/report", data={"body": "x"}, headers={"origin": "https://evil"}).status_code == 403


@pytest.mark.usefixtures("quick")
def test_no_address_is_kept_and_what_is_kept_goes(client: TestClient, city: Connection) -> None:
    send(client)
    row = city.execute("SELECT sender FROM report_seen").fetchone()
    assert row is not None and len(row["sender"]) == 64 and "testclient" not in row["sender"]
    city.execute("UPDATE report_seen SET at = at - interval '25 hours'")
    city.execute("INSERT INTO report_salt (day, salt) VALUES (current_date - 5, 'old')")
    send(client, body="another")
    rows = city.execute("SELECT sender FROM report_seen").fetchall()
    assert len(rows) == 1
    assert city.execute("SELECT 1 FROM report_salt WHERE day < current_date - 2").fetchone() is None


def test_the_words_reach_no_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    send(client, body="a secret that shakes \0", contact="me@example.com")
    assert "secret" not in caplog.text and "me@example.com" not in caplog.text


def sign_in(client: TestClient, login: str) -> TestClient:
    client.cookies.clear()
    client.post("/login", data={"login": login, "password": PASSWORD})
    return client


def mark(client: TestClient, city: Connection, number: str, kind: str, note: str = "") -> httpx.Response:
    row = city.execute("SELECT csrf FROM session ORDER BY created_at DESC LIMIT 1").fetchone()
    assert row is not None
    form = {"csrf": row["csrf"], "note": note}
    answer: httpx.Response = client.post(f"/oversight/reports/{number}/{kind}?lang=en", data=form)
    return answer


@pytest.mark.usefixtures("quick")
def test_a_regulator_reads_answers_and_is_written_down(client: TestClient, city: Connection) -> None:
    number = number_of(send(client, body="it <shakes>", contact="me@example.com")).replace("-", "")
    sign_in(client, "regulator")
    listed = client.get("/oversight/reports?lang=en").text
    assert "it &lt;shakes&gt;" in listed and "can be reached" in listed and "me@example.com" not in listed
    assert "me@example.com" in client.get(f"/oversight/reports/{number}?lang=en").text
    assert "Done." in mark(client, city, number, "read").text
    # What is answered or refused needs words, and they stay inside.
    assert "refused" in mark(client, city, number, "answered").text
    assert "Done." in mark(client, city, number, "answered", "the unit was there").text
    assert mark(client, city, number, "received").status_code == 404
    row = city.execute("SELECT state, note, changed_by FROM public_report").fetchone()
    assert row is not None and (row["state"], row["note"]) == ("answered", "the unit was there") and row["changed_by"]
    log = city.execute(
        "SELECT actor, reason, details FROM audit_log WHERE action = 'report_marked' ORDER BY id"
    ).fetchall()
    assert [entry["details"]["to"] for entry in log] == ["read", "answered"] and log[0]["actor"] == "regulator"
    assert "it <shakes>" not in str(log)
    file = client.get("/oversight/reports?format=csv").text
    assert number in file and "shakes" not in file and "me@example.com" not in file
    assert number not in client.get("/oversight/reports?format=csv&state=received").text
    assert number not in client.get("/oversight/reports?format=csv&kind=restaurant").text
    assert ">answered</span>" in client.get(f"/report/{number}?lang=en").text


@pytest.mark.usefixtures("quick")
def test_a_report_of_another_town_is_not_there(client: TestClient, city: Connection) -> None:
    number = number_of(send(client)).replace("-", "")
    city.execute(
        "UPDATE person_role SET town_code = (SELECT code FROM town WHERE code <> (SELECT town_code FROM place p"
        " JOIN lift l ON l.place_id = p.id WHERE l.code = '442001') LIMIT 1) WHERE role = 'regulator'"
    )
    sign_in(client, "regulator")
    assert number not in client.get("/oversight/reports?format=csv").text
    assert client.get(f"/oversight/reports/{number}").status_code == 404
    assert mark(client, city, number, "read").status_code == 404
