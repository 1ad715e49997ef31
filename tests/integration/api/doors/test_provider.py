"""A bureau's identity provider: a real one over HTTP, from the button to the signed-in page, and everything refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from runtime.api_settings import ApiSettings, OidcSettings
from runtime.db import Role, connect
from runtime.settings import AlertingSettings, DatabaseSettings, Settings

USERS = [
    oidc_provider_mock.User(sub="s-1", claims={"preferred_username": "operator", "name": "Wang"}),
    oidc_provider_mock.User(sub="s-2", claims={"preferred_username": "stranger", "name": "Stranger"}),
    oidc_provider_mock.User(sub="s-3", claims={"preferred_username": "operator"}),
    oidc_provider_mock.User(
        sub="s-4", claims={"preferred_username": "new.inspector", "name": "新监管", "groups": ["inspectors", "x"]}
    ),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(user_claims=USERS) as server:
        yield f"http://localhost:{server.server_port}"


class Bureau:
    """The pages with a provider, and a browser that may go to both."""

    def __init__(self, database: DatabaseSettings, folder: Path, issuer: str, **oidc: Any) -> None:
        self.owner = connect(database, Role.OWNER)
        self.settings = Settings(
            database=database,
            api=ApiSettings(evidence=folder / "e", live=folder / "l"),
            alerting=AlertingSettings(public_url="http://testserver"),
            oidc=OidcSettings(issuer=issuer, client_id="sunlit", client_secret=SecretStr("secret"), **oidc),
        )
        self.pages = TestClient(create_app(self.settings), headers={"accept": "text/html"}, follow_redirects=False)

    def go(self, sub: str, back: str = "") -> str:
        """Presses the button and signs in at the provider; the address that it sends the browser back to."""
        page = self.pages.get("/login", params={"back": back}).text
        button = re.search(r'href="(/login/provider[^"]*)"', page)
        assert button, page
        there = self.pages.get(button[1].replace("&amp;", "&"))
        assert there.status_code == 303, there.text
        answer = httpx.post(there.headers["location"], data={"sub": sub}, trust_env=False)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def come_back(self, address: str) -> httpx.Response:
        parts = urlsplit(address)
        assert address.startswith("http://testserver/login/provider/back?"), address
        answer: httpx.Response = self.pages.get(f"{parts.path}?{parts.query}&lang=en")
        return answer

    def sessions(self) -> int:
        row = self.owner.execute("SELECT count(*) AS n FROM session").fetchone()
        assert row
        return int(row["n"])


@pytest.fixture
def bureau(city_db: DatabaseSettings, tmp_path: Path, issuer: str) -> Iterator[Bureau]:
    made = Bureau(city_db, tmp_path, issuer, groups_claim="groups", groups={"inspectors": "regulator"})
    with made.pages:
        yield made
    made.owner.close()


def test_from_the_button_to_the_signed_in_page(bureau: Bureau) -> None:
    address = bureau.go("s-1", back="/board/quiet")
    inside = bureau.come_back(address)
    assert (inside.status_code, inside.headers["location"]) == (303, "/board/quiet?lang=en")
    assert bureau.pages.get("/board").status_code == 200
    assert bureau.come_back(address).status_code == 401, "an address of return is good once"
    row = bureau.owner.execute("SELECT oidc_issuer, oidc_subject FROM person WHERE login = 'operator'").fetchone()
    assert row == {"oidc_issuer": bureau.settings.oidc.issuer, "oidc_subject": "s-1"}
    # From now on the subject counts, whatever the login becomes; another subject with this login is nobody.
    bureau.pages.cookies.clear()
    other = bureau.come_back(bureau.go("s-3"))
    assert (other.status_code, bureau.sessions()) == (403, 1)
    bureau.owner.execute("UPDATE person SET login = 'wang' WHERE login = 'operator'")
    assert bureau.come_back(bureau.go("s-1")).headers["location"] == "/board?lang=en"
    bureau.owner.execute("UPDATE person SET active = false WHERE login = 'wang'")
    assert bureau.come_back(bureau.go("s-1")).status_code == 403
    assert bureau.pages.get("/board").status_code == 303


def test_only_groups_that_the_settings_know_bring_somebody_new(bureau: Bureau) -> None:
    refused = bureau.come_back(bureau.go("s-2"))
    assert refused.status_code == 403
    assert "no account here" in refused.text
    assert bureau.sessions() == 0
    assert bureau.come_back(bureau.go("s-4")).headers["location"] == "/oversight?lang=en"
    rows = bureau.owner.execute(
        "SELECT p.name, r.role, r.town_code FROM person p JOIN person_role r ON r.person_id = p.id"
        " WHERE p.login = 'new.inspector'"
    ).fetchall()
    assert rows == [{"name": "新监管", "role": "regulator", "town_code": None}]
    actions = [row["action"] for row in bureau.owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()]
    assert actions == ["person_added", "role_granted", "provider_bound"]


def test_who_comes_back_otherwise_is_refused(bureau: Bureau) -> None:
    address = bureau.go("s-1")
    query = parse_qs(urlsplit(address).query)
    thief = TestClient(bureau.pages.app, follow_redirects=False)
    thief.portal = bureau.pages.portal
    back = f"/login/provider/back?code={query['code'][0]}&state={query['state'][0]}"
    assert thief.get(back).status_code == 401, "another browser's errand"
    assert bureau.pages.get(back.replace("state=", "state=x")).status_code == 401
    assert bureau.pages.get(back).status_code == 401, "a wrong state has used it up"
    bureau.go("s-1")
    assert bureau.pages.get("/login/provider/back?error=access_denied").status_code == 401
    state = parse_qs(urlsplit(bureau.go("s-1")).query)["state"][0]
    denied = bureau.pages.get(f"/login/provider/back?error=access_denied&state={state}&lang=en")
    assert denied.status_code == 403
    assert "cancelled" in denied.text
    state = parse_qs(urlsplit(bureau.go("s-1")).query)["state"][0]
    guessed = bureau.pages.get(f"/login/provider/back?code=guessed&state={state}")
    assert guessed.status_code == 403
    # A code that was made for another errand: its nonce and its verifier do not fit.
    foreign = parse_qs(urlsplit(bureau.go("s-1")).query)["code"][0]
    state = parse_qs(urlsplit(bureau.go("s-1")).query)["state"][0]
    assert bureau.pages.get(f"/login/provider/back?code={foreign}&state={state}").status_code == 403
    assert bureau.sessions() == 0


def test_a_provider_that_is_away_leaves_the_password(city_db: DatabaseSettings, tmp_path: Path) -> None:
    bureau = Bureau(city_db, tmp_path, "http://127.0.0.1:9")
    with bureau.pages:
        away = bureau.pages.get("/login/provider?lang=en")
        assert away.status_code == 503
        assert "use your password" in away.text
        assert 'name="password"' in away.text


def test_without_a_provider_there_is_no_button(city_db: DatabaseSettings, tmp_path: Path) -> None:
    bureau = Bureau(city_db, tmp_path, "")
    with bureau.pages:
        assert "/login/provider" not in bureau.pages.get("/login").text
        assert bureau.pages.get("/login/provider").status_code == 404
