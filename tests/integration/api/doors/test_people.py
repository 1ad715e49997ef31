"""People: the first admin without a default password, invitations, roles given and taken, and an admin who stays."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.doors.person_cli import app as cli
from runtime.settings import DatabaseSettings
from tests.integration.api.doors.house import PASSWORD, House, csrf, opened, sign_in

NEW = "correct horse battery"
LINK = re.compile(r"http://testserver(/welcome/[\w-]+)")


@pytest.fixture
def house(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[House]:
    with opened(city_db, tmp_path) as made:
        yield made


@pytest.fixture
def admin(house: House) -> TestClient:
    browser = house.browser()
    assert sign_in(browser, "admin").status_code == 303
    browser.headers["x-csrf"] = csrf(browser)
    return browser


def sunlit(house: House, *words: str, code: int = 0, said: str = "") -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUNLIT_DATABASE__URL", house.settings.database.url)
        patch.setenv("SUNLIT_ALERTING__PUBLIC_URL", "http://testserver")
        done = CliRunner().invoke(cli, list(words), input=said)
    assert done.exit_code == code, done.output
    return done.output.strip()


def act(browser: TestClient, path: str, **form: str) -> tuple[int, str]:
    answer = browser.post(path, data={"csrf": browser.headers["x-csrf"], **form})
    return answer.status_code, answer.headers.get("location", "") or answer.text


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


def number(house: House, login: str) -> int:
    return int(house.rows("SELECT id FROM person WHERE login = %s", login)[0]["id"])


def test_the_first_admin_has_a_link_and_no_default_password(house: House) -> None:
    assert "there is one already" in sunlit(house, "first-admin", code=1)
    house.rows("UPDATE person SET password_hash = NULL WHERE login = 'admin'")
    old = link_in(sunlit(house, "first-admin"))
    path = link_in(sunlit(house, "first-admin"))
    browser = house.browser()
    assert browser.get(old).status_code == 404, "a newer link ends the older one"
    assert browser.get(path).status_code == browser.get(path).status_code == 200
    form = {"login": "chief", "name": "Chief", "password": NEW, "again": NEW}
    assert browser.post(path, data=form, headers={"origin": "https://evil.example"}).status_code == 403
    for wrong in ({"password": "short", "again": "short"}, {"again": "different one"}, {"login": "x"}, {"name": " "}):
        assert browser.post(path, data={**form, **wrong}).status_code == 422, wrong
    assert browser.post(path, data={**form, "login": "operator"}).status_code == 422, "a login that is taken"
    assert browser.post(path, data=form).headers["location"] == "/login?said=welcome"
    assert browser.get(path).status_code == browser.post(path, data=form).status_code == 404
    assert sign_in(browser, "chief", NEW).status_code == 303
    assert browser.get("/admin/people").status_code == 200
    actions = [row["action"] for row in house.rows("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["first_admin_invited", "first_admin_invited", "person_added", "role_granted"]
    assert path.split("/")[-1] not in str(house.rows("SELECT * FROM pass")) + str(house.rows("SELECT * FROM audit_log"))


def test_a_first_admins_link_is_dead_when_somebody_was_first_and_after_an_hour(house: House) -> None:
    house.rows("UPDATE person SET password_hash = NULL WHERE login = 'admin'")
    path = link_in(sunlit(house, "first-admin"))
    house.rows("UPDATE pass SET expires_at = now()")
    assert house.browser().get(path).status_code == 404
    path = link_in(sunlit(house, "first-admin"))
    sunlit(house, "set-password", "admin", said=NEW + "\n")
    form = {"login": "chief", "name": "Chief", "password": NEW, "again": NEW}
    assert house.browser().post(path, data=form).status_code == 404
    assert sign_in(house.browser(), "admin", NEW).status_code == 303


def test_the_log_says_that_nobody_can_run_the_house(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for column in ("password_hash", "oidc_subject"):
        house.rows(f"UPDATE person SET {column} = NULL")
    with TestClient(create_app(house.settings)) as pages:
        for _ in range(200):
            pages.get("/healthz")
            if "first-admin" in caplog.text:
                break
    assert "sunlit person first-admin" in caplog.text
    assert "/welcome/" not in caplog.text


def test_from_an_added_person_to_a_role_in_one_town(house: House, admin: TestClient) -> None:
    status, page = act(admin, "/admin/people", login="zhang.san", name="张三", language="zh", organisation="bureau")
    assert status == 200
    path = link_in(page)
    person = number(house, "zhang.san")
    browser = house.browser()
    assert "张三" in browser.get(path).text
    assert browser.post(path, data={"password": NEW, "again": NEW}).status_code == 303
    assert browser.post(path, data={"password": NEW + "!", "again": NEW + "!"}).status_code == 404
    assert sign_in(browser, "zhang.san", NEW).headers["location"] == "/account"
    assert browser.get("/oversight").status_code == 404
    token = browser.cookies["sunlit_session"]
    granted = act(admin, f"/admin/people/{person}/grant", role="regulator", town="442000001")
    assert granted == (303, f"/admin/people/{person}?said=granted")
    assert browser.get("/oversight").status_code == 200
    assert browser.cookies["sunlit_session"] != token, "other rights, another token"
    assert act(admin, f"/admin/people/{person}/grant", role="regulator", town="442000001")[0] == 422
    grant = house.rows("SELECT id, town_code FROM person_role WHERE person_id = %s", person)[0]
    assert grant["town_code"] == "442000001"
    assert act(admin, f"/admin/people/{person}/revoke", grant=str(grant["id"]))[0] == 303
    assert browser.get("/oversight").status_code == 404
    assert act(admin, f"/admin/people/{person}/active", active="false")[0] == 303
    assert browser.get("/account").status_code == 303
    assert sign_in(browser, "zhang.san", NEW).status_code == 401
    assert act(admin, f"/admin/people/{person}/invite")[0] == 422
    assert act(admin, f"/admin/people/{person}/active", active="true")[0] == 303
    assert sign_in(browser, "zhang.san", NEW).status_code == 303
    rows = house.rows("SELECT actor, action FROM audit_log ORDER BY id")
    assert [row["action"] for row in rows] == [
        "person_added",
        "person_invited",
        "password_set",
        "role_granted",
        "role_revoked",
        "person_disabled",
        "person_enabled",
    ]
    assert {row["actor"] for row in rows if row["action"] != "password_set"} == {"admin"}


@pytest.mark.parametrize(
    "form",
    [
        {"role": "admin", "town": "442000001"},
        {"role": "regulator", "town": "000000"},
        {"role": "regulator", "organisation": "cat-1"},
        {"role": "operator", "kitchen": "k-001"},
        {"role": "owner"},
        {"role": "owner", "town": "442000001", "organisation": "cat-1"},
        {"role": "owner", "organisation": "nobody"},
        {"role": "owner", "organisation": "cat-1", "kitchen": "k-002"},
        {"role": "crew", "organisation": "cat-1", "kitchen": "k-001"},
        {"role": "king"},
    ],
)
def test_roles_that_fit_nothing_are_refused(house: House, admin: TestClient, form: dict[str, str]) -> None:
    person = number(house, "operator")
    before = house.rows("SELECT * FROM person_role ORDER BY id")
    assert act(admin, f"/admin/people/{person}/grant", **form)[0] == 422
    assert house.rows("SELECT * FROM person_role ORDER BY id") == before


def test_the_last_admin_stays(house: House, admin: TestClient) -> None:
    chief = number(house, "admin")
    grant = house.rows("SELECT id FROM person_role WHERE role = 'admin'")[0]["id"]
    assert act(admin, f"/admin/people/{chief}/active", active="false")[0] == 422
    assert act(admin, f"/admin/people/{chief}/revoke", grant=str(grant))[0] == 422
    assert "the last one" in sunlit(house, "disable", "admin", code=1)
    assert "the last one" in sunlit(house, "revoke", "admin", "admin", code=1)
    # One who cannot sign in is no other admin.
    sunlit(house, "add", "second", "Second")
    sunlit(house, "grant", "second", "admin")
    assert "the last one" in sunlit(house, "disable", "admin", code=1)
    sunlit(house, "set-password", "second", said=NEW + "\n")
    assert act(admin, f"/admin/people/{chief}/active", active="false")[0] == 303
    assert admin.get("/admin/people").status_code == 303
    assert "the last one" in sunlit(house, "revoke", "second", "admin", code=1)


def test_an_admin_resets_codes_of_a_lost_telephone(house: House, admin: TestClient) -> None:
    person = number(house, "operator")
    browser = house.browser()
    sign_in(browser, "operator")
    assert act(admin, f"/admin/people/{person}/codes")[0] == 422
    house.rows(
        "INSERT INTO second_factor (person_id, secret, confirmed_at) VALUES (%s, 'JBSWY3DPEHPK3PXP', now())", person
    )
    half = house.browser()
    assert sign_in(half, "operator").headers["location"] == "/login/code"
    assert act(admin, f"/admin/people/{person}/codes")[0] == 303
    assert browser.get("/board").status_code == 303
    assert half.get("/login/code").status_code == 401
    assert sign_in(half, "operator").headers["location"] == "/board"


def test_tokens_are_made_shown_once_and_revoked_on_a_page(house: House, admin: TestClient) -> None:
    status, page = act(admin, "/admin/tokens", name="bureau system", scope="incidents:read", days="30")
    assert status == 200
    token = re.search(r"slt_[\w-]{43}", page)
    assert token
    listed = admin.get("/admin/tokens?lang=en").text
    assert token[0] not in listed
    assert "bureau system" in listed
    assert act(admin, "/admin/tokens", name="x")[0] == 422
    assert act(admin, "/admin/tokens", name="x", scope="everything")[0] == 422
    row = house.rows("SELECT id, created_by FROM api_token")[0]
    assert row["created_by"] == "admin"
    assert act(admin, f"/admin/tokens/{row['id']}/revoke")[0] == 303
    assert act(admin, f"/admin/tokens/{row['id']}/revoke")[0] == 422


def test_the_commands_say_what_they_did_and_what_they_cannot(house: House) -> None:
    assert "/welcome/" in sunlit(house, "add", "li.si", "李四", "--organisation", "cat-1")
    assert "taken" in sunlit(house, "add", "li.si", "李四", code=1)
    sunlit(house, "grant", "li.si", "owner", "--organisation", "cat-1", "--kitchen", "k-001")
    listed = sunlit(house, "list", "li.si")
    assert "owner (cat-1/k-001)" in listed
    assert "invited" in listed
    assert "not theirs so" in sunlit(house, "revoke", "li.si", "owner", "--organisation", "cat-1", code=1)
    sunlit(house, "revoke", "li.si", "owner", "--organisation", "cat-1", "--kitchen", "k-001")
    assert "none" in sunlit(house, "list", "li.si")
    assert "12 characters" in sunlit(house, "set-password", "li.si", said="short\n", code=1)
    assert "expected somebody's" in sunlit(house, "disable", "nobody", code=1)
    sunlit(house, "disable", "li.si")
    assert "sent away" in sunlit(house, "list", "li.si")
    assert '"login": "li.si"' in sunlit(house, "list", "li.si", "--json")
    assert "none" in sunlit(house, "reset-codes", "li.si", code=1)
    sunlit(house, "enable", "li.si")
    sunlit(house, "set-password", "li.si", said=PASSWORD + "\n")
    assert sign_in(house.browser(), "li.si").status_code == 303
