"""The five doors in a real browser, while the city lives."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import City, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Open = Callable[..., Page]
DOORS = (
    ("/", ""),
    ("/lift/442001", ""),
    ("/restaurant/k-001", ""),
    ("/restaurant/k-001/qr", ""),
    ("/restaurant/k-001/report", ""),
    ("/search?q=442001", ""),
    ("/open-data", ""),
    ("/towns", ""),
    ("/lift/442001/qr?size=a6", ""),
    ("/lift/442001/report", ""),
    ("/report", ""),
    ("/login", ""),
    ("/board", "operator"),
    ("/board/history", "operator"),
    ("/board/find?code=442003", "operator"),
    ("/board/lift/442003", "operator"),
    ("/board/handover", "operator"),
    ("/board/wall", "operator"),
    ("/board/blind", "operator"),
    ("/board/ready", "operator"),
    ("/board/quiet", "operator"),
    ("/board/device/agent-demo", "operator"),
    ("/account", "operator"),
    ("/kitchen", "owner1"),
    ("/kitchen/k-001/history", "owner1"),
    ("/kitchen/k-001/trend", "owner1"),
    ("/kitchen/k-001/sensors", "owner1"),
    ("/kitchen/k-001/cameras", "owner1"),
    ("/kitchen/k-001/looks", "owner1"),
    ("/kitchen/k-001/papers", "owner1"),
    ("/kitchen/k-001/notice", "owner1"),
    ("/live", "owner1"),
    ("/live/camera/cam-k-001-1", "owner1"),
    ("/live", "operator"),
    ("/live/patrol", "regulator"),
    ("/oversight", "regulator"),
    ("/oversight/findings", "regulator"),
    ("/oversight/rescues", "regulator"),
    ("/oversight/rescues?mass=in&sort=name&order=asc", "regulator"),
    ("/oversight/accounting", "regulator"),
    ("/oversight/coverage", "regulator"),
    ("/oversight/reports", "regulator"),
    ("/oversight/kitchens", "regulator"),
    ("/oversight/kitchen/k-001", "regulator"),
    ("/oversight/lifts?town=442000001&sort=code", "regulator"),
    ("/oversight/lift/442001", "regulator"),
    ("/oversight/incidents", "regulator"),
    ("/oversight/units", "regulator"),
    ("/oversight/unit/mu-1", "regulator"),
    ("/oversight/kpis", "regulator"),
    ("/oversight/report", "regulator"),
    ("/oversight/audit", "regulator"),
    ("/oversight/policies", "regulator"),
    ("/oversight/policies/kitchen/1", "regulator"),
    ("/oversight/rosters", "regulator"),
    ("/oversight/alarms", "regulator"),
    ("/admin/people", "admin"),
    ("/admin/tokens", "admin"),
    ("/oversight/webhooks", "admin"),
)

LOOKED_INTO = (("zh", 390), ("en", 1440))
"""language and width with which axe-core looks at every page; the other two differ in words and width alone"""


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out: rule, words, and the first places."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_a_rescue_from_the_board_and_a_crew_on_a_phone(city: City, open_page: Open, faults: list[str]) -> None:
    board = open_page("operator")
    board.goto("/board?lang=en")
    card = board.locator("[data-incident]", has_text="442004")
    expect(card).to_have_count(0)
    city.fault("442004", "trap_between")
    # It appears without anybody loading the page again.
    expect(card).to_have_count(1, timeout=30_000)
    expect(card).to_contain_text("trapped between landings")
    link = until(lambda: city.crew_link("mu-2", "442004"))

    crew = open_page(width=390)
    crew.goto(f"{link}?lang=en")
    expect(crew.locator("h1")).to_have_text("442004")
    crew.click("button.big:has-text('Accept')")
    expect(card).to_contain_text("accepted", timeout=10_000)
    crew.click("button.big:has-text('On my way')")
    crew.fill("input[name=code]", "999999")
    crew.click("button[value=arrived]")
    expect(crew.get_by_role("status")).to_contain_text("expected 442004")
    crew.fill("input[name=code]", "442004")
    crew.click("button[value=arrived]")
    crew.click("button.big:has-text('People are out')")
    expect(crew.locator("main")).to_contain_text("People are out. Thank you")
    city.fault("442004", "release")

    until(lambda: city.rows("SELECT 1 FROM incident WHERE sensors_clear_at IS NOT NULL"))
    board.locator("article", has_text="442004").get_by_text("Details").click()
    expect(board.locator("main")).to_contain_text("sensors agree: clear")
    expect(board.locator(".timeline")).to_contain_text("people released")
    board.select_option("select[name=cause]", "door_system")
    board.select_option("select[name=method]", "open_at_level")
    board.click("button[value=close]")
    expect(board.get_by_role("status")).to_have_text("Done.")
    board.goto("/board/history?lang=en&lift=442004")
    expect(board.locator("tbody")).to_contain_text("door system")
    assert faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_door_on_desk_and_phone(open_page: Open, faults: list[str], language: str, width: int) -> None:
    pages: dict[str, Page] = {}
    hindrances: list[str] = []
    for path, login in DOORS:
        page = pages.setdefault(login, open_page(login, width) if login not in pages else pages[login])
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert str(page.locator("html").get_attribute("lang")).startswith(language), path
        text = page.inner_text("body")
        assert re.findall(r"\[[a-z_]+\.[a-z0-9_]+\]", text) == [], f"{path}: a text is missing"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path}: wider than the screen"
        assert page.locator("h1, form, .card").count() > 0, path
        if (language, width) in LOOKED_INTO:
            hindrances += [f"{path}: {found}" for found in serious(page)]
    assert (hindrances, faults) == ([], [])


def test_the_public_page_knows_no_person_and_leaves_no_cookie(city: City, open_page: Open) -> None:
    page = open_page()
    names = [row["name"] for row in city.rows("SELECT name FROM person")]
    for path in ("/", "/lift/442001", "/restaurant/k-001", "/search?q=k-001", "/open-data"):
        page.goto(path)
        text = page.content()
        assert [name for name in names if name in text] == []
        assert len(text.encode()) < 100_000
    assert page.context.cookies() == []


def test_an_owner_sees_own_kitchens_only(city: City, open_page: Open) -> None:
    finding = until(
        lambda: city.rows(
            "SELECT number FROM finding f JOIN kitchen k ON k.id = f.kitchen_id"
            " WHERE k.code = 'k-001' AND f.state = 'pushed'"
        ),
        90,
    )[0]["number"]
    owner, other = open_page("owner1"), open_page("owner2")
    answer = owner.goto(f"/kitchen/finding/{finding}?lang=en")
    assert answer is not None
    assert answer.status == 200
    expect(owner.locator("h1")).to_contain_text("no ")
    for path in (
        f"/kitchen/finding/{finding}",
        f"/kitchen/finding/{finding}/picture",
        "/kitchen/k-001",
        "/kitchen/still/cam-k-001-1.jpg",
        "/live/camera/cam-k-001-1",
        "/board",
        "/oversight",
        f"/oversight/finding/{finding}",
    ):
        answer = other.goto(path)
        assert answer is not None
        assert answer.status == 404, path


def test_the_board_says_when_it_is_not_live(city: City, open_page: Open) -> None:
    board = open_page("operator")
    board.goto("/board?lang=en")
    expect(board.locator(".cover")).to_be_hidden()
    city.demo.processes["api"].kill()
    expect(board.locator(".cover")).to_be_visible(timeout=9_000)
    expect(board.locator(".cover")).to_contain_text("NOT LIVE")
    city.demo.restart("api")
    expect(board.locator(".cover")).to_be_hidden(timeout=40_000)
