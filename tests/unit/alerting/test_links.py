"""Links: short, readable, never the same twice."""

import hashlib

import pytest

from alerting import links
from api.access import digest


def test_a_token_is_short_and_has_no_sign_that_a_telephone_cuts_off() -> None:
    made = {links.new_token().plain for _ in range(2000)}
    assert len(made) == 2000
    assert {len(plain) for plain in made} == {16}
    assert set("".join(made)) <= set(links.ALPHABET)
    assert not set(links.ALPHABET) & set("0O1lI-_")


def test_the_api_finds_a_token_by_the_same_hash() -> None:
    token = links.new_token()
    assert token.sha256 == hashlib.sha256(token.plain.encode()).hexdigest() == digest(token.plain)


def test_where_links_lead() -> None:
    token = links.Token("abc", "")
    assert links.crew("https://sunlit.example/", token) == "https://sunlit.example/c/abc"
    assert links.receipt("https://sunlit.example", token) == "https://sunlit.example/receipts/abc"


@pytest.mark.parametrize(
    ("lat", "lon", "template", "expected"),
    [
        (22.523312, 113.377114, "geo:{lat},{lon}", "geo:22.52331,113.37711"),
        (22.5, -3.0, "https://m.example/?q={lon},{lat}", "https://m.example/?q=-3.00000,22.50000"),
        (None, 113.3, "geo:{lat},{lon}", ""),
        (22.5, None, "geo:{lat},{lon}", ""),
        (22.5, 113.3, "", ""),
    ],
)
def test_the_map_of_a_place(lat: float | None, lon: float | None, template: str, expected: str) -> None:
    assert links.place(lat, lon, template) == expected
