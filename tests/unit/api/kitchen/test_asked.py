"""A history's address gives the same view again; what cannot be is refused with field, value and expectation."""

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kitchen.asked import ORDERS, RULES, SORTS, STATES, Asked, BadAsk, ask

DAYS = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(
    st.sampled_from(("", *RULES)),
    st.sampled_from(("", *STATES)),
    st.text(max_size=20),
    DAYS,
    DAYS,
    st.sampled_from(SORTS),
    st.sampled_from(ORDERS),
)
def test_an_address_says_everything(
    rule: str, state: str, camera: str, first: date | None, last: date | None, sort: str, order: str
) -> None:
    if first and last and first > last:
        first, last = last, first
    asked = Asked(rule, state, camera, first, last, sort, order)
    assert ask(dict(parse_qsl(urlsplit(asked.address("/x", "en")).query))) == asked


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"from": "yesterday"}, "from: 'yesterday', expected a day"),
        ({"from": "20261126"}, "from: '20261126', expected a day"),
        ({"to": "1026-01-01"}, "to: '1026-01-01', expected a day"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "expected a day not after 2026-02-01"),
        ({"rule": "trapped_level"}, "rule: 'trapped_level', expected one of no_hat"),
        ({"state": "muted"}, "state: 'muted', expected one of open"),
        ({"sort": "note"}, "sort: 'note'"),
        ({"order": "up"}, "order: 'up'"),
        ({"format": "exe"}, "format: 'exe'"),
        ({"page": "0"}, "page: '0', expected a number"),
        ({"page": "٣"}, "page: "),
        ({"page": "9999999"}, "page: "),
    ],
)
def test_what_cannot_be_is_refused_in_words(said: dict[str, str], words: str) -> None:
    with pytest.raises(BadAsk) as refused:
        ask(said)
    assert words in str(refused.value)


def test_days_are_days_of_the_city_and_whole() -> None:
    values = Asked(first=date(2026, 11, 1), last=date(2026, 11, 1)).values
    assert str(values["start"]) == "2026-11-01 00:00:00+08:00"
    assert str(values["end"]) == "2026-11-02 00:00:00+08:00"


def test_a_head_turns_the_order() -> None:
    asked = Asked(sort="rule")
    assert (asked.turned("rule"), asked.turned("state")) == ("asc", "desc")
