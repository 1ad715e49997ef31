"""What a page is kept under: the same for all who get the same bytes, never longer by what somebody adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.public.addresses import PAGES, WORDS, Name, name_of, page_number


@pytest.mark.parametrize(
    ("path", "query", "accepted", "name"),
    [
        ("/", "", "", Name("/", "", "zh")),
        ("/", "", "en-GB,en;q=0.9", Name("/", "", "en")),
        # A language in the address stays in the page's links: it is another page.
        ("/", "lang=en", "zh", Name("/", "lang=en", "en")),
        ("/", "lang=fr&utm_source=x", "", Name("/", "", "zh")),
        ("/lift/442001", "said=done", "", Name("/lift/442001", "", "zh")),
        ("/search", "page=1&q=++two++words+", "", Name("/search", "q=two+words", "zh")),
        ("/search", "q=a&page=03&lang=en", "", Name("/search", "q=a&page=3&lang=en", "en")),
        ("/towns", "order=desc&sort=lifts", "", Name("/towns", "sort=lifts&order=desc", "zh")),
        ("/towns", "sort=lifts&order=desc", "", Name("/towns", "sort=lifts&order=desc", "zh")),
    ],
)
def test_a_name(path: str, query: str, accepted: str, name: Name) -> None:
    assert name_of(path, query, accepted) == name


@pytest.mark.parametrize(
    "path",
    [
        "/board",
        "/login",
        "/kitchen",
        "/c/token",
        "/report",
        "/report/ABCD-EFGH",
        "/lift/442001/report",
        "/lift/442001/qr",
        "/lift/../board",
        "/lift/442001\n",
        "/restaurant/k-001/still/cam.jpg",
        "/open-data/lifts.csv",
        "//",
        "/oversight",
    ],
)
def test_what_is_not_kept(path: str) -> None:
    assert name_of(path, "", "") is None


@given(st.text(max_size=400), st.text(max_size=40))
def test_a_name_is_its_own_name_and_short(query: str, accepted: str) -> None:
    name = name_of("/search", query, accepted)
    assert name is not None and len(name.query) < 3 * 4 * 2 * WORDS + 60
    assert name_of("/search", name.query, name.language) == name


@pytest.mark.parametrize(("text", "number"), [("", 1), ("0", 1), ("-3", 1), ("7", 7), ("99999", PAGES), ("²", 1)])
def test_a_page_number(text: str, number: int) -> None:
    assert page_number(text) == number
