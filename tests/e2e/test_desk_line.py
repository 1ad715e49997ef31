"""A board's line in a real browser: what comes after it broke, and when the browser's token is another one."""

from typing import Any

import pytest
from playwright.sync_api import expect

from api.access import digest
from tests.e2e.test_desk_browser import LIFT, Open, Site, look, operator, site
from tests.integration.api.desk_room import until

__all__ = ["look", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def cut(site: Site) -> None:
    """Every stream breaks in the middle, and the pages themselves go on."""
    app: Any = site.server.config.app
    hub = app.state.hub
    wait = hub.wait

    async def broken() -> None:
        raise ConnectionResetError("cut by the test")

    hub.wait = broken
    until(lambda: hub.viewers == 0)
    hub.wait = wait


def test_a_line_that_breaks_for_a_moment_leaves_no_rescue_out(site: Site, look: Open) -> None:
    """The browser comes back by itself, to the same process, which still knows the board that the page began with."""
    page = operator(look)
    expect(page.locator("#link")).to_contain_text("Link")
    site.room.phone("442002")
    expect(page.locator("article", has_text="442002")).to_be_visible()
    cut(site)
    site.room.phone(LIFT, people=3)
    expect(page.locator("article", has_text=LIFT)).to_be_visible(timeout=20_000)
    site.room.phone("442005")
    expect(page.locator("article", has_text="442005")).to_be_visible()


def test_a_new_token_in_another_tab_does_not_take_the_board_away(site: Site, look: Open) -> None:
    """Its stream has the token that it began with, the browser a newer one, such as after a change of the password."""
    page = operator(look)
    expect(page.locator("#link")).to_contain_text("Link")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "sunlit_session"]
    newer: Any = {**cookie, "value": "the-newer-one"}
    page.context.add_cookies([newer])
    site.room.owner.execute("UPDATE session SET token_sha256 = %s", (digest("the-newer-one"),))
    page.evaluate("window.before = true")
    with page.expect_navigation(timeout=25_000):
        pass
    assert page.evaluate("window.before") is None
    expect(page.locator(".cover")).to_be_hidden()
    site.room.phone(LIFT)
    expect(page.locator("article", has_text=LIFT)).to_be_visible()


def test_a_part_of_a_page_that_cannot_be_fetched_covers_it(site: Site, look: Open) -> None:
    number = site.room.phone(LIFT)["number"]
    page = operator(look, f"/board/incident/{number}?lang=en")
    page.route("**/live?*", lambda route: route.fulfill(status=503))
    site.room.press(site.room.link(LIFT), "/accept")
    expect(page.locator(".cover")).to_be_visible(timeout=20_000)
    page.unroute("**/live?*")
    expect(page.locator(".cover")).to_be_hidden(timeout=30_000)
    expect(page.locator("#crews")).to_contain_text("accepted")
