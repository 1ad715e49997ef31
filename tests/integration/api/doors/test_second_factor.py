"""Codes beside the password: turned on by a code, asked after the password, good once, slowed like passwords."""

import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pyotp
import pytest
from fastapi.testclient import TestClient

from runtime.settings import DatabaseSettings
from tests.integration.api.doors.house import PASSWORD, House, csrf, opened, sign_in


@pytest.fixture
def house(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[House]:
    with opened(city_db, tmp_path) as made:
        yield made


def secret_of(page: str) -> str:
    found = re.search(r'class="spelled">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1].replace(" ", "")


def recovery_of(page: str) -> list[str]:
    return re.findall(r"<code>([a-z2-9-]{19})</code>", unescape(page))


def now_of(house: House, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def turn_on(house: House, browser: TestClient) -> tuple[str, list[str]]:
    form = {"csrf": csrf(browser)}
    secret = secret_of(browser.post("/account/second-factor", data={**form, "password": PASSWORD}).text)
    page = browser.post("/account/second-factor/confirm", data={**form, "code": now_of(house, secret, -1)})
    assert page.status_code == 200
    return secret, recovery_of(page.text)


def give(browser: TestClient, code: str) -> httpx.Response:
    answer: httpx.Response = browser.post("/login/code", data={"code": code})
    return answer


def test_from_turning_it_on_to_signing_in(house: House) -> None:
    here, there = house.browser(), house.browser()
    sign_in(here, "operator")
    sign_in(there, "operator")
    form = {"csrf": csrf(here)}
    assert here.post("/account/second-factor", data={**form, "password": "wrong"}).status_code == 401
    page = here.post("/account/second-factor", data={**form, "password": PASSWORD}).text
    assert 'src="data:image/svg+xml' in page
    wrong = here.post("/account/second-factor/confirm", data={**form, "code": "000000"})
    assert wrong.status_code == 422
    # Nothing is on yet: who has not confirmed is not shut out.
    assert sign_in(house.browser(), "operator").headers["location"] == "/board"
    secret, recovery = turn_on(house, here)
    assert secret != secret_of(page), "who begins again begins with a new secret"
    assert len(set(recovery)) == 10
    assert there.get("/account").status_code == 303, "other sessions have ended"
    assert here.get("/account").status_code == 200

    browser = house.browser()
    first = sign_in(browser, "operator", back="/board/quiet")
    assert first.headers["location"] == "/login/code"
    assert "sunlit_session" not in browser.cookies
    assert browser.get("/board").status_code == 303, "the password alone opens nothing"
    assert give(browser, now_of(house, secret, -1)).status_code == 401, "the code of the confirmation has been used"
    code = now_of(house, secret)
    inside = give(browser, code)
    assert (inside.status_code, inside.headers["location"]) == (303, "/board/quiet")
    assert browser.get("/board").status_code == 200
    # The pass is used up, and the code with it.
    assert give(browser, code).status_code == 401
    replay = house.browser()
    sign_in(replay, "operator")
    assert give(replay, code).status_code == 401
    assert give(replay, recovery[0].upper().replace("-", " ")).status_code == 303
    again = house.browser()
    sign_in(again, "operator")
    assert give(again, recovery[0]).status_code == 401, "a recovery code counts once"
    kept = str(house.rows("SELECT * FROM recovery_code")) + str(house.rows("SELECT * FROM audit_log"))
    assert not any(one in kept for one in recovery)


def test_guessed_codes_wait_and_the_right_password_does_not_wipe_them_out(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    secret, _ = turn_on(house, browser)
    thief = house.browser("198.51.100.7")
    statuses = []
    for _ in range(3):
        sign_in(thief, "operator")
        statuses += [give(thief, "123456").status_code for _ in range(2)]
    assert statuses == [401, 401, 401, 401, 401, 429] or statuses[:5] == [401] * 5
    assert sign_in(thief, "operator").status_code == 429
    assert give(thief, now_of(house, secret)).status_code == 429, "not even the right one is looked at"


def test_half_of_the_way_is_nothing_for_long_and_nothing_for_the_disabled(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    secret, recovery = turn_on(house, browser)
    late, gone = house.browser(), house.browser()
    sign_in(late, "operator")
    house.rows("UPDATE pass SET expires_at = now()")
    answer = give(late, now_of(house, secret))
    assert answer.status_code == 401
    assert late.get("/login/code").status_code == 401
    sign_in(gone, "operator")
    house.rows("UPDATE person SET active = false WHERE login = 'operator'")
    assert give(gone, recovery[0]).status_code == 401
    assert house.browser().get("/login/code").status_code == 401


def test_it_is_turned_off_with_the_password_only(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    turn_on(house, browser)
    form = {"csrf": csrf(browser)}
    assert browser.post("/account/second-factor/off", data={**form, "password": "x"}).status_code == 401
    assert browser.post("/account/second-factor/off", data={**form, "password": PASSWORD}).status_code == 303
    assert sign_in(house.browser(), "operator").headers["location"] == "/board"
    actions = [row["action"] for row in house.rows("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["second_factor_on", "second_factor_off"]


def test_a_role_that_demands_it_sets_it_up_at_the_door(city_db: DatabaseSettings, tmp_path: Path) -> None:
    with opened(city_db, tmp_path, second_factor_for=("admin",)) as house:
        assert sign_in(house.browser(), "operator").headers["location"] == "/board"
        browser = house.browser()
        assert sign_in(browser, "admin", back="/board/quiet").headers["location"] == "/login/enrol"
        assert browser.get("/account").status_code == 303
        secret = secret_of(browser.get("/login/enrol").text)
        assert browser.post("/login/enrol", data={"code": "abcdef"}).status_code == 401
        page = browser.post("/login/enrol", data={"code": now_of(house, secret)})
        assert len(recovery_of(page.text)) == 10
        assert 'href="/board/quiet"' in page.text
        assert browser.get("/account").status_code == 200
        form = {"csrf": csrf(browser), "password": PASSWORD}
        assert browser.post("/account/second-factor/off", data=form).status_code == 403
        assert sign_in(house.browser(), "admin").headers["location"] == "/login/code"
