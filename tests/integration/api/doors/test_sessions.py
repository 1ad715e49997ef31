"""Sessions: begun anew, seen by their owner, ended by time, by hand, by a new password, and by losing one's rights."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import DatabaseSettings
from tests.integration.api.doors.house import PASSWORD, House, csrf, opened, sign_in

NEW = "correct horse battery"


@pytest.fixture
def house(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[House]:
    with opened(city_db, tmp_path) as made:
        yield made


def test_a_session_is_begun_with_a_token_that_nobody_could_have_planted(house: House) -> None:
    browser = house.browser()
    browser.cookies.set("sunlit_session", "planted", domain="testserver.local")
    assert sign_in(browser, "operator").status_code == 303
    first = browser.cookies["sunlit_session"]
    assert first != "planted"
    assert sign_in(browser, "operator").status_code == 303
    assert browser.cookies["sunlit_session"] != first
    # What the browser held before has ended: one row, and the old token opens nothing.
    assert len(house.rows("SELECT 1 FROM session")) == 1
    other = house.browser()
    other.cookies.set("sunlit_session", first)
    assert other.get("/board").headers["location"].startswith("/login")


def test_a_session_ends_by_age_and_by_lying_idle_and_a_board_keeps_it(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    house.rows("UPDATE session SET seen_at = now() - interval '119 minutes'")
    assert browser.get("/board/still", headers={"hx-request": "true"}).status_code == 200
    assert house.rows("SELECT now() - seen_at < interval '1 minute' AS fresh FROM session") == [{"fresh": True}]
    house.rows("UPDATE session SET seen_at = now() - interval '121 minutes'")
    part = browser.get("/board/still", headers={"hx-request": "true", "hx-current-url": "http://x/board?a=1"})
    # No sign-in form is drawn into a board: the whole page goes there.
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/login?back=/board")
    sign_in(browser, "operator")
    house.rows("UPDATE session SET expires_at = now()")
    assert browser.get("/board").headers["location"] == "/login?back=/board"


def test_over_https_the_cookie_is_bound_to_the_host(city_db: DatabaseSettings, tmp_path: Path) -> None:
    with opened(city_db, tmp_path, secure_cookies=True) as house:
        browser = house.browser()
        browser.base_url = "https://testserver"
        set_cookie = sign_in(browser, "operator").headers["set-cookie"]
        assert set_cookie.startswith("__Host-sunlit_session=")
        for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=43200"):
            assert part in set_cookie
        assert "Domain" not in set_cookie
        assert browser.get("/board").status_code == 200
        left = browser.post("/logout")
        assert 'sunlit_session="";' in left.headers["set-cookie"]
        assert browser.get("/board").status_code == 303


def test_what_is_taken_away_is_gone_at_the_next_click(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "regulator")
    assert browser.get("/oversight").status_code == 200
    house.rows("UPDATE person_role SET town_code = '442000001' WHERE role = 'regulator'")
    house.rows("DELETE FROM person_role WHERE role = 'regulator'")
    assert browser.get("/oversight").status_code == 404
    assert browser.get("/account").status_code == 200
    house.rows("UPDATE person SET active = false WHERE login = 'regulator'")
    assert browser.get("/account").status_code == 303
    assert sign_in(browser, "regulator").status_code == 401


def test_rights_that_change_bring_a_new_token_and_break_no_page(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    old = browser.cookies["sunlit_session"]
    house.rows("UPDATE session SET renew = true")
    # A part of a page, or a stream, brings none: a stream that has begun could not.
    for part in ({"sec-fetch-mode": "cors"}, {"accept": "text/event-stream"}):
        assert "set-cookie" not in browser.get("/board/still", headers=part).headers
    assert browser.get("/board").status_code == 200
    assert browser.cookies["sunlit_session"] != old
    # What the page asks for at the same moment still has the old one; half a minute later it opens nothing.
    late = house.browser()
    late.cookies.set("sunlit_session", old)
    assert late.get("/board").status_code == 200
    house.rows("UPDATE session SET previous_until = now()")
    assert late.get("/board").status_code == 303
    assert browser.get("/board").status_code == 200


def test_a_new_token_that_never_arrived_signs_nobody_out(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    old = browser.cookies["sunlit_session"]
    house.rows("UPDATE session SET renew = true")
    # Two presses of a link: the answer to the first, with the new token, is thrown away by the browser.
    assert "set-cookie" in browser.get("/board").headers
    browser.cookies.clear()
    browser.cookies.set("sunlit_session", old, domain="testserver.local")
    assert "set-cookie" not in browser.get("/board").headers, "what is on its way may still arrive"
    house.rows("UPDATE session SET previous_until = previous_until - interval '31 seconds'")
    assert browser.get("/board/still", headers={"accept": "text/event-stream"}).status_code == 200
    assert "set-cookie" in browser.get("/board").headers, "another one, because the first was lost"
    assert browser.cookies["sunlit_session"] != old
    assert browser.get("/board").status_code == 200
    left = house.rows("SELECT previous_until - clock_timestamp() < interval '31 seconds' AS soon FROM session")
    assert left == [{"soon": True}], "the new one has come back: the old one is over soon"


def test_one_sees_and_ends_the_own_sessions_and_nobody_elses(house: House) -> None:
    here, there, other = house.browser(), house.browser(), house.browser()
    there.headers["user-agent"] = "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"
    for browser, login in ((here, "operator"), (there, "operator"), (other, "regulator")):
        sign_in(browser, login)
    page = here.get("/account?lang=en").text
    assert "Chrome · Windows" in page
    assert "Safari · iPhone" in page
    numbers = set(re.findall(r'name="which" value="(\d+)"', page))
    assert len(numbers) == 1
    form = {"csrf": csrf(here)}
    theirs = house.rows("SELECT s.id FROM session s JOIN person p ON p.id = s.person_id WHERE p.login = 'regulator'")
    for which in (str(theirs[0]["id"]), "0", "x", "9" * 17, "-1"):
        assert here.post("/account/sessions", data={**form, "which": which}).status_code == 404
    assert here.post("/account/sessions", data={**form, "which": numbers.pop()}).status_code == 303
    assert there.get("/account").status_code == 303
    sign_in(there, "operator")
    assert here.post("/account/sessions", data={**form, "which": "all"}).headers["location"] == "/login?said=ended"
    assert [browser.get("/account").status_code for browser in (here, there, other)] == [303, 303, 200]


def test_a_new_password_needs_the_old_and_ends_other_sessions(house: House) -> None:
    here, there = house.browser(), house.browser()
    sign_in(here, "operator")
    sign_in(there, "operator")
    form = {"csrf": csrf(here)}
    change = {**form, "old": PASSWORD, "new": NEW, "again": NEW}
    token = here.cookies["sunlit_session"]
    for wrong, status in (
        ({"old": "wrong"}, 401),
        ({"new": "short", "again": "short"}, 422),
        ({"new": "operator123456", "again": "operator123456"}, 422),
        ({"again": "another long one"}, 422),
        ({"csrf": "guessed"}, 403),
    ):
        assert here.post("/account/password", data={**change, **wrong}).status_code == status, wrong
    evil = here.post("/account/password", data=change, headers={"origin": "https://evil.example"})
    assert evil.status_code == 303, "the form's own token is what counts here, and a stranger's page cannot read it"
    assert here.get("/account").status_code == 200
    assert here.cookies["sunlit_session"] != token
    assert there.get("/account").status_code == 303
    assert sign_in(there, "operator").status_code == 401
    assert sign_in(there, "operator", NEW).status_code == 303
    assert house.rows("SELECT actor, action FROM audit_log") == [{"actor": "operator", "action": "password_changed"}]
    kept = house.rows("SELECT password_hash FROM person WHERE login = 'operator'")[0]["password_hash"]
    assert NEW not in kept


def test_an_old_hash_is_made_anew_at_the_sign_in(house: House) -> None:
    before = house.rows("SELECT password_hash FROM person WHERE login = 'operator'")[0]["password_hash"]
    assert sign_in(house.browser(), "operator").status_code == 303
    after = house.rows("SELECT password_hash FROM person WHERE login = 'operator'")[0]["password_hash"]
    assert "m=8," in before
    assert "m=65536," in after
    assert sign_in(house.browser(), "operator").status_code == 303


def test_who_guesses_waits_and_the_true_person_elsewhere_does_not(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk, thief = house.browser("192.0.2.10"), house.browser("198.51.100.7")
    assert sign_in(desk, "operator").status_code == 303
    statuses = [sign_in(thief, "operator", f"guess {n}").status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    locked = thief.post("/login?lang=en", data={"login": "operator", "password": PASSWORD})
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 16
    assert re.search(r"try again after 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d", locked.text)
    assert sign_in(desk, "operator").status_code == 303
    # Refused unseen is no failure, and neither who nor from where is in the log.
    assert len(house.rows("SELECT 1 FROM login_attempt WHERE NOT ok")) == 5
    assert "too many failures" in caplog.text
    assert "operator" not in caplog.text
    assert "198.51.100" not in caplog.text
    house.rows("UPDATE login_attempt SET at = at - interval '16 seconds'")
    assert sign_in(thief, "operator").status_code == 303


def test_one_address_that_tries_many_logins_is_slowed(house: House) -> None:
    thief = house.browser("198.51.100.7")
    house.rows(
        "INSERT INTO login_attempt (login, address, ok) SELECT 'n' || n, '198.51.100.7', false"
        " FROM generate_series(1, 30) n"
    )
    assert sign_in(thief, "regulator").status_code == 429
    assert sign_in(house.browser("192.0.2.10"), "regulator").status_code == 303


def test_what_is_over_is_swept(house: House) -> None:
    sign_in(house.browser(), "operator")
    house.rows("UPDATE session SET expires_at = now() - interval '1 second'")
    house.rows("INSERT INTO login_attempt (login, ok, at) VALUES ('x', false, now() - interval '25 hours')")
    house.rows("INSERT INTO login_attempt (login, ok, at) VALUES ('x', true, now() - interval '29 days')")
    house.rows("INSERT INTO pass (token_sha256, kind, expires_at) VALUES ('x', 'provider', now())")
    with opened(house.settings.database, Path(house.settings.api.live).parent / "again") as again:
        browser = again.browser()
        for _ in range(100):
            browser.get("/healthz")
            if not again.rows("SELECT 1 FROM pass"):
                break
        assert again.rows("SELECT 1 FROM session") == []
        assert again.rows("SELECT login, ok FROM login_attempt WHERE login = 'x'") == [{"login": "x", "ok": True}]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": "http://testserver"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "http://proxied.example"}, 303),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://testserver"}, 403),
    ],
)
def test_the_sign_in_takes_no_form_of_another_site(house: House, headers: dict[str, str], status: int) -> None:
    browser = house.browser()
    answer = browser.post("/login", data={"login": "operator", "password": PASSWORD}, headers=headers)
    assert answer.status_code == status


def test_a_language_chosen_once_stays(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "operator")
    assert '<html lang="zh-CN">' in browser.get("/account").text
    values = {"csrf": csrf(browser), "language": "en"}
    assert browser.post("/account/language", data=values).headers["location"] == "/account?said=language"
    assert '<html lang="en">' in browser.get("/board").text
    assert browser.post("/account/language", data={**values, "language": "fr"}).status_code == 422
