"""Pages of a city with more findings than a page holds."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from alerting.finding_sql import QUERIES as DESK
from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings, Settings

MANY = 10_000
FINDINGS = """
INSERT INTO finding (number, kitchen_id, device_id, event_id, rule, class, state, confidence, policy_id, at, opened_at,
                     last_at, due_at)
SELECT 'F' || to_char(now(), 'YYYYMMDD') || '-' || lpad(n::text, 4, '0'), k.id, d.id, gen_random_uuid(), 'no_hat', 'II',
       CASE WHEN n <= 12 THEN 'overdue_red' WHEN n <= 42 THEN 'under_review' ELSE 'pushed' END, 0.95, p.id, now(),
       now(), now(), CASE WHEN n > 42 THEN now() + interval '1 day' END
FROM generate_series(1, %s) AS n, (SELECT id FROM kitchen ORDER BY id LIMIT 1) AS k,
     (SELECT id FROM device WHERE kind = 'camera' ORDER BY id LIMIT 1) AS d,
     (SELECT id FROM policy WHERE kind = 'kitchen') AS p
"""


@pytest.fixture
def regulator(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[TestClient]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASHER.hash("a good password"),))
        connection.execute(FINDINGS, (MANY - 1,))
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        client.post("/login", data={"login": "regulator", "password": "a good password"})
        yield client


def test_the_overview_counts_all_and_shows_the_most_urgent_of_each_kind(regulator: TestClient) -> None:
    page = regulator.get("/oversight?lang=en").text
    assert "12 overdue" in page  # after red no clock runs, and it is late all the same
    assert "30 waiting for you" in page
    assert len(re.findall(r"/oversight/finding/F", page)) == 16


def test_the_queue_has_pages_and_the_file_has_everything(regulator: TestClient) -> None:
    first = regulator.get("/oversight/findings?lang=en").text
    second = regulator.get("/oversight/findings?lang=en&page=2").text
    numbers = [re.findall(r"data-row href=\"/oversight/finding/(F[\d-]+)", page) for page in (first, second)]
    assert [len(found) for found in numbers] == [100, 100]
    assert not set(numbers[0]) & set(numbers[1])
    assert "page=2" in first
    assert "← Page 1" in second and "page=3" in second
    last = regulator.get("/oversight/findings?state=overdue_red&lang=en").text
    assert len(re.findall(r"data-row href=\"/oversight/finding/(F[\d-]+)", last)) == 12
    assert "page=2" not in last
    assert len(regulator.get("/oversight/findings?format=csv").text.splitlines()) == MANY


def test_the_ten_thousandth_of_a_day_has_a_number_of_its_own(regulator: TestClient, city_db: DatabaseSettings) -> None:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("SELECT next_number('F', now())")
        connection.execute("SELECT setval('number_f', %s)", (MANY - 1,))
    with connect(city_db, Role.ALERTING) as connection:
        known = connection.execute("SELECT * FROM finding ORDER BY id LIMIT 1").fetchone()
        now = connection.execute("SELECT now() AS now").fetchone()
        assert known is not None and now is not None
        names = {"kitchen": "kitchen_id", "lift": "lift_id", "device": "device_id", "policy": "policy_id"}
        values = {**{name: known[column] for name, column in names.items()}, "event": uuid4(), "silence": None}
        made = connection.execute(DESK["new"], {**known, **now, **values}).fetchone()
    assert made is not None
    assert str(made["number"]).endswith(f"-{MANY}")
    assert regulator.get(f"/oversight/finding/{made['number']}").status_code == 200
