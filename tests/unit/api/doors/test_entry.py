"""Where signing in may lead, and what kind of browser it is."""

import pytest

from api.doors.browser import browser
from api.doors.entry import home_of, inside
from contracts.kinds import Role


@pytest.mark.parametrize("back", ["/board", "/", "/oversight/findings?state=open&page=2", "/lift/442001"])
def test_addresses_of_this_site(back: str) -> None:
    assert inside(back) == back


@pytest.mark.parametrize(
    "back",
    [
        "",
        "board",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nset-cookie: x",
        "/a\\..\\b",
        " /board",
        "/board ",
        "javascript:alert(1)",
        "/login?back=/login",
        "/logout",
    ],
)
def test_everything_else_leads_home(back: str) -> None:
    assert inside(back) == ""


def test_home() -> None:
    assert home_of({Role.OWNER}) == "/kitchen"
    assert home_of({Role.OPERATOR, Role.REGULATOR}) == "/board"
    assert home_of(set()) == "/account"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142 Mobile MicroMessenger/8.0", "WeChat · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_browsers(agent: str, words: str) -> None:
    assert browser(agent) == words
