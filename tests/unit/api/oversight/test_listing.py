"""What an address asks of a list, and the links that lead on from it."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.oversight.listing import ask, format_of, like
from api.oversight.lists import FINDINGS, INCIDENTS, KITCHENS, LIFTS, TERMS
from api.oversight.selection import BadSelection

LISTS = (FINDINGS, KITCHENS, LIFTS, INCIDENTS)


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_an_address_that_asks_nothing_is_the_shortest() -> None:
    for of in LISTS:
        asked = ask(of, {})
        assert asked.address() == of.path
        assert not asked.narrowed()
        assert (asked.sort, asked.order, asked.page) == (of.sort, "desc", 1)


def test_a_link_keeps_the_filters_and_another_order_begins_on_the_first_page() -> None:
    asked = ask(FINDINGS, {"town": "442000001", "late": "1", "page": "3", "lang": "en"})
    assert asked.narrowed()
    assert query(asked.address(page=4)) == {"town": "442000001", "late": "1", "page": "4", "lang": "en"}
    assert query(asked.address(sort="due", order="asc")) == {
        "town": "442000001", "late": "1", "sort": "due", "order": "asc", "lang": "en",
    }  # fmt: skip
    assert query(asked.address(format="csv"))["page"] == "3"


def test_a_press_on_a_head_turns_the_order() -> None:
    assert ask(LIFTS, {}).turned("risk") == "asc"
    assert ask(LIFTS, {"order": "asc"}).turned("risk") == "desc"
    assert ask(LIFTS, {}).turned("trapped") == "desc"
    assert ask(LIFTS, {}).turned("name") == "asc"


@pytest.mark.parametrize(
    ("of", "asked", "words"),
    [
        (FINDINGS, {"state": "x"}, "state: 'x', expected one of waiting"),
        (FINDINGS, {"from": "yesterday"}, "from: 'yesterday', expected a day like 2026-11-24"),
        (FINDINGS, {"to": "0001-01-01"}, "to: '0001-01-01', expected a day from 2000"),
        (KITCHENS, {"sort": "password"}, "sort: 'password', expected one of risk"),
        (KITCHENS, {"order": "up"}, "order: 'up', expected one of desc, asc"),
        (LIFTS, {"page": "0"}, "page: '0', expected a number from 1"),
        (LIFTS, {"page": "²"}, "page: '²', expected a number from 1"),
        (LIFTS, {"words": "x" * 81}, "words: 81 characters, expected at most 80"),
        (INCIDENTS, {"tier": "4"}, "tier: '4', expected one of 1, 2, 3"),
    ],
)
def test_what_cannot_be_says_field_value_and_expectation(of: object, asked: dict[str, str], words: str) -> None:
    with pytest.raises(BadSelection, match=words.replace("²", ".")):
        ask(of, asked)  # type: ignore[arg-type]


def test_a_format_is_csv_or_xlsx() -> None:
    assert [format_of({}), format_of({"format": "xlsx"})] == ["", "xlsx"]
    with pytest.raises(BadSelection, match="format: 'pdf', expected one of csv, xlsx"):
        format_of({"format": "pdf"})


def test_days_are_those_of_the_citys_clock_and_the_last_one_counts() -> None:
    values = ask(FINDINGS, {"from": "2026-11-24", "to": "2026-11-24"}).sql()
    assert values["from"] == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert values["to"] == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_words_are_looked_for_as_they_stand() -> None:
    assert like("") == ""
    assert like(r"50 %_\ ") == "%50 \\%\\_\\\\ %"


@given(
    st.dictionaries(st.sampled_from(["town", "words", "state", "late", "sort", "page", "code"]), st.text(max_size=9))
)
def test_what_an_address_says_its_own_link_says_again(asked: dict[str, str]) -> None:
    try:
        found = ask(FINDINGS, asked)
    except BadSelection:
        return
    assert ask(FINDINGS, query(found.address()))._replace(language="") == found._replace(language="")


def test_every_list_has_terms_and_its_first_order_can_be_asked_for() -> None:
    assert {of.name for of in LISTS} == TERMS.keys()
    assert all(of.sort in of.sorts for of in LISTS)
