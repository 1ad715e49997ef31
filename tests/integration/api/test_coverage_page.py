"""The regulator's page of coverage, as the desk has reckoned it, narrowed to the viewer's towns."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alerting.help import coverage_rows
from alerting.help.travel import DEFAULT
from api.app import create_app
from api.session import HASHER
from runtime.api_settings import ApiSettings
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings, Settings

PASSWORD = "a good password"
HASH = HASHER.hash(PASSWORD)
Page = Callable[..., str]


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE person SET password_hash = %s", (HASH,))
        yield connection


@pytest.fixture
def reckon(city_db: DatabaseSettings) -> Callable[[datetime], None]:
    def look(now: datetime) -> None:
        with connect(city_db, Role.ALERTING) as connection:
            coverage_rows.look(connection, DEFAULT, now)

    return look


@pytest.fixture
def page(city_db: DatabaseSettings, owner: Connection, tmp_path: Path) -> Iterator[Page]:
    assert owner
    settings = Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence"))
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:

        def get(query: str = "", login: str = "regulator", status: int = 200) -> str:
            client.cookies.clear()
            client.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
            answer = client.get(f"/oversight/coverage?lang=en{query}")
            assert answer.status_code == status
            return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))

        yield get


def test_what_was_not_reckoned_is_not_called_fine(page: Page) -> None:
    text = page()
    assert "Coverage was last reckoned: never" in text
    assert "Every lift is reached in time" not in text
    assert "Every roster is filled" not in text


def test_lifts_out_of_reach_by_town_and_place(
    page: Page, owner: Connection, reckon: Callable[[datetime], None]
) -> None:
    owner.execute("UPDATE organisation SET lat = 23.5, lon = 114.5 WHERE code = 'rs-3'")
    owner.execute("UPDATE lift SET maintenance_org_id = NULL WHERE code = '442009'")
    reckon(datetime.now(UTC))
    text = page()
    assert "last reckoned" not in text
    assert "Tier 2 · rescue station 4 of 12 lifts out of reach" in text
    # Town, share, lifts, three tiers, lifts without a unit: the worst first.
    assert text.index("Xiaolan 100 % 4 4 4 4 1") < text.index("Dongqu 0 % 4")
    assert re.search(r"Lancheng Plaza 2 \d+ min 30 min Shiqi Rescue Station Xiaolan", text)
    assert "Lancheng Plaza" not in page("&town=442000001")
    assert "Tier 1 · maintenance unit" in page("&tier=1")
    assert "— 30 min nobody" in page("&tier=1")


def test_a_reckoning_of_yesterday_says_so(page: Page, reckon: Callable[[datetime], None]) -> None:
    reckon(datetime.now(UTC) - timedelta(hours=30))
    assert "Coverage was last reckoned: 30 h ago" in page()


def test_a_regulator_of_one_town_sees_that_town(
    page: Page, owner: Connection, reckon: Callable[[datetime], None]
) -> None:
    owner.execute("UPDATE organisation SET lat = 23.5, lon = 114.5 WHERE code LIKE 'rs-%'")
    owner.execute("UPDATE contact_method SET active = false")
    owner.execute(
        "UPDATE person_role SET town_code = '442000001' FROM person p WHERE p.id = person_id AND p.login = 'regulator'"
    )
    reckon(datetime.now(UTC))
    text = page()
    assert "4 of 4 lifts out of reach" in text
    for word in ("Xiaolan", "Lancheng", "Dongqu Rescue Station rescue station", "rs-3"):
        assert word not in text
    assert "Shiqi Rescue Station rescue station · rs-1 no contact method" in text
    assert "City Rescue (119) city rescue · city-119 no contact method" in text, "it concerns every town"
    assert text.index("city-119") < text.index("rs-1") < text.index("mu-1") < text.index("prop-1") < text.index("cat-1")
    page(login="operator", status=404)


def test_holes_and_who_is_hard_to_reach(page: Page, owner: Connection, reckon: Callable[[datetime], None]) -> None:
    now = datetime.now(UTC)
    reckon(now)
    assert "Every roster is filled as far as it is looked at" in page()
    assert "Everybody has a verified contact method" in page()
    for begin, told in ((now - timedelta(hours=1), now), (now + timedelta(hours=9), None)):
        owner.execute(
            "INSERT INTO roster_hole (organisation_id, starts_at, ends_at, found_at, told_at)"
            " SELECT id, %s, %s, %s, %s FROM organisation WHERE code = 'rs-1'",
            (begin, begin + timedelta(hours=3), now, told),
        )
    owner.execute(
        "UPDATE contact_method SET verified_at = NULL FROM organisation o"
        " WHERE o.id = organisation_id AND o.code = 'mu-2'"
    )
    text = page()
    assert re.search(r"Shiqi Rescue Station rescue station now \d{4}-.* \d+ s ago", text)
    assert "at the daily look" in text
    assert "Hengsheng Lift Maintenance maintenance unit · mu-2 none is verified" in text
    owner.execute("UPDATE roster_hole SET filled_at = %s", (now,))
    assert "at the daily look" not in page()


def test_a_tier_that_is_none_is_refused(page: Page) -> None:
    assert "tier" in page("&tier=4", status=422)
