"""The rescue desk in a real browser: a crew's phone with and without a network, an operator's keyboard."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from api.app import create_app
from runtime.settings import DatabaseSettings
from runtime.stack.ports import free_port
from tests.e2e.test_pages import LOOKED_INTO, serious
from tests.integration.api.desk_room import PASSWORD, Room, open_room, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
LIFT = "442001"
HERE, FAR = {"latitude": 22.5233, "longitude": 113.3772}, {"latitude": 22.5300, "longitude": 113.3772}
Open = Callable[..., Page]
PAGES = (
    "/board",
    "/board/mass/M1",
    "/board/find?code=442009",
    "/board/find?code=44",
    "/board/ready",
    "/board/wall",
    "/board/handover",
    "/board/lift/442001",
    "/board/blind",
    "/board/device/lift-442001",
)


class Site:
    """The pages on a port that can be taken away and given back."""

    def __init__(self, room: Room) -> None:
        self.room, self.port = room, free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = uvicorn.Config(create_app(self.room.settings), port=self.port, log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until(lambda: self.server.started)

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(20)


@pytest.fixture
def site(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Site]:
    with open_room(city_db, tmp_path) as room:
        made = Site(room)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def look(browser: Browser, site: Site) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_it(width: int = 390, **options: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, base_url=site.url, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_it
    for context in contexts:
        context.close()


def operator(look: Open, path: str = "/board?lang=en", width: int = 1440) -> Page:
    page = look(width)
    page.goto("/login?lang=en")
    page.fill("input[name=login]", "operator")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/board*")
    page.goto(path)
    return page


def neat(page: Page, width: int) -> None:
    """Nothing wider than the screen, no text missing, everything big enough for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert re.findall(r"\[[a-z_]+\.[a-z0-9_]+\]", page.inner_text("body")) == []
    if width <= 390:
        small = page.eval_on_selector_all(
            "main button, main .button, main select, main summary, main input:not([type=hidden]):not([type=checkbox])",
            "all => all.filter(e => e.offsetParent && e.offsetHeight < 44).map(e => e.outerHTML.slice(0, 80))",
        )
        assert small == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_crew_with_one_thumb(site: Site, look: Open, language: str) -> None:
    site.room.phone(LIFT, people=2)
    page = look()
    page.goto(f"{site.room.link(LIFT)}?lang={language}")
    for step, state in (("accept", "en_route"), ("en_route", "arrived")):
        neat(page, 390)
        assert page.locator("button.big:visible").count() == 1, "one big button for the next step"
        page.click(f"button.big[value={step}]")
        expect(page.locator(f"[data-step={state}]")).to_be_visible()
        # The centre has answered and the page is the answer's.
        expect(page.locator("main > .said:not([id])")).to_be_visible()
        expect(page.locator("#offline")).to_be_hidden()
    neat(page, 390)
    page.fill("input[name=code]", "442002")
    page.click("[data-step=arrived] button[value=arrived]")
    wrong = {"zh": "本梯编号应为 442001", "en": "expected 442001"}[language]
    expect(page.locator(".said.refused:visible")).to_contain_text(wrong)
    page.fill("input[name=code]", LIFT)
    page.click("[data-step=arrived] button[value=arrived]")
    page.click("button.big[value=released]")
    expect(page.locator("select[name=cause]")).to_be_visible()
    page.select_option("select[name=cause]", "door_system/door_lock")
    page.select_option("select[name=method]", "open_at_level")
    page.click("button[value=record]")
    until(lambda: site.room.all("SELECT 1 FROM incident WHERE sub_cause = 'door_lock'"))
    expect(page.locator("h2 + p").first).to_contain_text({"zh": "门系统", "en": "door system"}[language])
    expect(page.locator("main > .said:not([id])")).to_be_visible()
    neat(page, 390)


def test_a_page_that_is_open_twice(site: Site, look: Open) -> None:
    site.room.phone(LIFT)
    link = site.room.link(LIFT)
    first, second = look(), look()
    for page in (first, second):
        page.goto(f"{link}?lang=en")
    first.click("button.big[value=accept]")
    expect(first.locator("[data-step=en_route]")).to_be_visible()
    second.click("button.big[value=accept]")
    expect(second.get_by_role("status").first).to_have_text("Done.")
    expect(second.locator("[data-step=en_route]")).to_be_visible()
    assert len(site.room.all("SELECT 1 FROM incident_entry WHERE action = 'crew_accepted'")) == 1
    assert len(site.room.commands("accept")) == 2


def test_taps_without_a_network_are_kept_and_sent_once_with_their_time(site: Site, look: Open) -> None:
    site.room.phone(LIFT)
    page = look()
    page.goto(f"{site.room.link(LIFT)}?lang=en")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    site.stop()
    page.click("button.big[value=accept]")
    expect(page.locator("[data-step=en_route]")).to_be_visible()
    expect(page.locator("#offline")).to_contain_text("Will be sent when there is a network: Accept")
    page.click("button.big[value=en_route]")
    page.reload()
    expect(page.locator("h1")).to_have_text(LIFT)
    expect(page.locator("[data-step=arrived]")).to_be_visible()
    expect(page.locator("#offline")).to_contain_text("On my way")
    page.wait_for_timeout(5000)
    site.start()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("[data-step=arrived]")).to_be_visible()
    (accept,), (leave,) = site.room.commands("accept"), site.room.commands("en_route")
    assert accept["ok"] and leave["ok"]
    for command in (accept, leave):
        waited = (command["created_at"] - command["client_at"]).total_seconds()
        assert 4 < waited < 60, "it keeps the time of the thumb"
    assert page.evaluate("localStorage.getItem('sunlit-taps')") == "[]"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_can_be_put_on_the_home_screen_and_opens_without_a_network(
    site: Site, look: Open, language: str
) -> None:
    site.room.phone(LIFT)
    link = site.room.link(LIFT)
    page = look()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{link}?lang={language}")
    browser = page.context.new_cdp_session(page)
    manifest = browser.send("Page.getAppManifest")
    assert manifest["errors"] == [] and manifest["url"].endswith(f"/manifest.webmanifest?lang={language}")
    until(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
    # A test's browser keeps nothing, as in private browsing; that is all that stands against installing.
    against = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [why["errorId"] for why in against] in ([], ["in-incognito"])
    told = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then(answer => answer.json())")
    assert told["start_url"] == f"{link}?lang={language}" and told["display"] == "standalone"
    for icon in told["icons"]:
        size = page.evaluate(
            "src => new Promise((done, failed) => { const i = new Image(); i.onload = () => done(i.naturalWidth);"
            " i.onerror = failed; i.src = src; })",
            icon["src"],
        )
        assert icon["sizes"] in ("any", f"{size}x{size}")
    assert (faults, serious(page)) == ([], [])
    # Looked at once, and the next time in a cellar: from the home screen, with the taps.
    sheet = page.locator("link[rel=stylesheet]").get_attribute("href")
    kept = "parts => Promise.all(parts.map(part => caches.match(part))).then(all => all.every(Boolean))"
    until(lambda: page.evaluate(kept, [f"{link}?lang={language}", sheet]))
    site.stop()
    cellar = page.context.new_page()
    page.close()
    cellar.goto(told["start_url"])
    expect(cellar.locator("h1")).to_have_text(LIFT)
    assert cellar.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "10px"
    cellar.click("button.big[value=accept]")
    cellar.click("button.big[value=en_route]")
    cellar.fill("input[name=code]", LIFT)
    cellar.click("[data-step=arrived] button[value=arrived]")
    expect(cellar.locator("#offline")).to_be_visible()
    cellar.wait_for_timeout(4500)
    site.start()
    cellar.evaluate("window.dispatchEvent(new Event('online'))")
    expect(cellar.locator("#offline")).to_be_hidden(timeout=60_000)
    (arrived,) = site.room.commands("arrived")
    assert arrived["ok"] and (arrived["created_at"] - arrived["client_at"]).total_seconds() > 4
    (row,) = site.room.all("SELECT arrived_at FROM dispatch WHERE arrived_at IS NOT NULL")
    waited = (arrived["created_at"] - row["arrived_at"]).total_seconds()
    assert waited > 2, "the rescue has the time of the thumb, not that of the network"


def test_the_hint_to_put_it_on_the_home_screen_goes_for_good(site: Site, look: Open) -> None:
    site.room.phone(LIFT)
    page = look()
    page.add_init_script("Object.defineProperty(navigator, 'standalone', { value: false })")
    page.goto(f"{site.room.link(LIFT)}?lang=en")
    expect(page.locator("#install")).to_contain_text("Add to Home Screen")
    neat(page, 390)
    page.click("#install-no")
    page.reload()
    expect(page.locator("h1")).to_have_text(LIFT)
    expect(page.locator("#install")).to_be_hidden()


def test_a_tap_whose_answer_was_lost_happens_once(site: Site, look: Open) -> None:
    site.room.phone(LIFT)
    page = look()
    page.goto(f"{site.room.link(LIFT)}?lang=en")
    sent = []

    def lose(route: Any) -> None:
        sent.append(route.fetch())
        route.abort()

    page.route("**/accept*", lose, times=1)
    page.click("button.big[value=accept]")
    expect(page.locator("#offline")).to_contain_text("Will be sent")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#offline")).to_be_hidden()
    assert len(sent) == 1
    assert len(site.room.commands("accept")) == 1
    assert len(site.room.all("SELECT 1 FROM incident_entry WHERE action = 'crew_accepted'")) == 1


def test_without_a_script_every_step_works(site: Site, look: Open) -> None:
    site.room.phone(LIFT, people=1)
    page = look(java_script_enabled=False)
    page.goto(f"{site.room.link(LIFT)}?lang=en")
    page.click("button[value=accept]")
    page.click("button[value=en_route]")
    page.fill("input[name=code]", LIFT)
    page.click("[data-step=arrived] button[value=arrived]")
    page.click("button[value=released]")
    assert "People are out" in page.inner_text("main")


@pytest.mark.parametrize(("where", "arrived"), [(HERE, True), (FAR, False)])
def test_the_phones_position(site: Site, look: Open, where: dict[str, float], arrived: bool) -> None:
    site.room.phone(LIFT)
    page = look(permissions=["geolocation"], geolocation=where)
    page.goto(f"{site.room.link(LIFT)}?lang=zh")
    page.click("button.big[value=accept]")
    page.click("button.big[value=en_route]")
    expect(page.locator("#offline")).to_be_hidden()
    page.click("button[value=position]")
    if arrived:
        expect(page.locator("[data-step=released]")).to_be_visible()
        until(lambda: site.room.all("SELECT 1 FROM dispatch WHERE arrival_proof LIKE 'position%%'"))
    else:
        expect(page.locator(".said.refused:visible")).to_contain_text("应在 200 米内")
        expect(page.locator("[data-step=arrived]")).to_be_visible()


def test_a_stand_down_reaches_a_page_in_a_pocket(site: Site, look: Open) -> None:
    site.room.phone(LIFT)
    page = look()
    page.goto(f"{site.room.link(LIFT)}?lang=en")
    site.room.owner.execute("UPDATE dispatch SET state = 'stood_down'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("main")).to_contain_text("another crew is there")


def test_a_photo_that_is_too_large_is_made_smaller_on_the_phone(site: Site, look: Open, tmp_path: Path) -> None:
    site.room.phone(LIFT)
    link = site.room.link(LIFT)
    for step, values in (("/accept", {}), ("/en_route", {}), ("/arrived", {"proof": "qr", "code": LIFT})):
        site.room.press(link, step, values)
    noise = np.random.default_rng(1).integers(0, 255, (2600, 3000, 3), np.uint8)
    picture = tmp_path / "photo.jpg"
    cv2.imwrite(str(picture), noise, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert picture.stat().st_size > 6 * 1024 * 1024
    page = look()
    page.goto(f"{link}?lang=en")
    page.click("summary:has-text('Photos')")
    page.set_input_files("input[name=photo]", picture)
    page.click("button[value=photo]")
    expect(page.get_by_role("status").first).to_have_text("Done.")
    assert site.room.one("SELECT bytes FROM evidence")["bytes"] < 5 * 1024 * 1024


def test_an_operator_without_a_mouse(site: Site, look: Open) -> None:
    site.room.phone("442002")
    page = operator(look)
    site.room.phone(LIFT, people=4)
    card = page.locator("article", has_text=LIFT)
    expect(card).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("article").nth(0)).to_be_focused()
    # A card is drawn again at each change: who stands on a card stands there still.
    number = page.locator("article").nth(0).get_attribute("data-incident")
    version = page.get_attribute("#bar", "data-version")
    site.room.owner.execute("UPDATE incident SET version = version + 1")
    expect(page.locator("#bar")).not_to_have_attribute("data-version", f"{version}")
    assert page.evaluate("document.activeElement.dataset.incident") == number
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    until(lambda: site.room.all("SELECT 1 FROM dispatch WHERE state = 'accepted'"))
    expect(page.get_by_role("status").first).to_have_text("Done.")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator("article").nth(0).locator("[data-key=r]")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type(LIFT)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(LIFT)
    expect(page.locator("#help-open")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(".quick [data-key=r]")).to_be_focused()
    page.keyboard.press("Enter")
    until(lambda: site.room.all("SELECT 1 FROM incident WHERE tier = 2"))


def test_words_that_are_half_typed_stay_while_the_story_goes_on(site: Site, look: Open) -> None:
    number = site.room.phone(LIFT)["number"]
    page = operator(look, f"/board/incident/{number}?lang=en")
    page.fill("#note input[name=reason]", "the key is at")
    site.room.press(site.room.link(LIFT), "/accept")
    expect(page.locator("#story")).to_contain_text("accepted")
    expect(page.locator("#crews")).to_contain_text("accepted")
    assert page.input_value("#note input[name=reason]") == "the key is at"
    expect(page.locator("[data-incident]")).to_have_count(0)
    site.room.phone("442005")
    expect(page.locator("[data-incident]")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desks_pages_on_desk_and_phone(site: Site, look: Open, language: str, width: int) -> None:
    number = site.room.phone(LIFT, people=2, hazards="injury")["number"]
    site.room.owner.execute(
        "WITH m AS (INSERT INTO mass_incident (number, cause, grid_code, opened_at, last_at, lifts)"
        " VALUES ('M1', 'cluster', 'g-1', now(), now(), 1) RETURNING id) UPDATE incident SET mass_id = m.id FROM m"
    )
    page = operator(look, f"/board?lang={language}", width)
    for path in (f"/board/incident/{number}", *PAGES):
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        neat(page, width)
        if (language, width) in LOOKED_INTO:
            assert serious(page) == [], path


def test_a_lost_line_covers_the_incidents_page_too(site: Site, look: Open) -> None:
    number = site.room.phone(LIFT)["number"]
    page = operator(look, f"/board/incident/{number}?lang=en")
    expect(page.locator(".cover")).to_be_hidden()
    site.stop()
    expect(page.locator(".cover")).to_be_visible(timeout=9_000)
    expect(page.locator(".cover")).to_contain_text("NOT LIVE")
    site.start()
    expect(page.locator(".cover")).to_be_hidden(timeout=40_000)


def test_who_was_away_hears_what_was_missed(site: Site, look: Open) -> None:
    """The line breaks, people are trapped meanwhile, and the board says so when it is back."""
    page = operator(look)
    expect(page.locator("#link")).to_contain_text("Link")
    site.room.phone("442002")
    expect(page.locator("article", has_text="442002")).to_be_visible()
    site.stop()
    expect(page.locator(".cover")).to_be_visible(timeout=9_000)
    site.room.phone(LIFT, people=3)
    site.start()
    expect(page.locator(".cover")).to_be_hidden(timeout=40_000)
    expect(page.locator("#missed")).to_contain_text("While you were away")
    expect(page.locator("#missed")).to_contain_text(LIFT)
    expect(page.locator("article", has_text=LIFT)).to_have_class(re.compile("new"))
    assert page.title().startswith("● (2)")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("m")
    expect(page.locator("#sound")).to_contain_text("Muted: 15 min left")


def test_twice_is_meant_before_119_is_called(site: Site, look: Open) -> None:
    number = site.room.phone(LIFT)["number"]
    page = operator(look, f"/board/incident/{number}?lang=en")
    button = page.locator(".quick button", has_text="Call 119 and 120")
    button.click()
    pressed = page.locator(".quick button", has_text="Press again: call 119 and 120 now")
    expect(pressed).to_be_visible()
    assert site.room.commands("emergency") == []
    pressed.click()
    until(lambda: site.room.commands("emergency"))
    (given,) = site.room.commands("emergency")
    assert given["args"] == {"ambulance": "on"} and given["reason"]
