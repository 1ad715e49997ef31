"""What the address asks for: months on the city's clock, and a year before that has come as far."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.oversight.selection import BadSelection, Period, name_of, select

CITY = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 16, 12, 0, tzinfo=CITY)
NOVEMBER = 2026 * 12 + 10


def test_the_last_twelve_months_by_default() -> None:
    found = select({}, NOW)
    assert (name_of(found.period.first), name_of(found.period.last)) == ("2025-12", "2026-11")
    assert (found.town, found.unit, found.mass, found.sort, found.order) == ("", "", "out", "rate", "desc")
    assert found.period.end == NOW
    assert found.period.months == pytest.approx(11 + 15.5 / 30)


def test_months_begin_at_the_citys_midnight() -> None:
    period = Period(NOVEMBER - 1, NOVEMBER - 1, NOW)
    assert period.start == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert period.end == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert period.months == 1


def test_a_year_before_has_come_as_far() -> None:
    before = select({"from": "2026-10"}, NOW).period.before()
    assert before.start == datetime(2025, 10, 1, tzinfo=CITY)
    assert before.end == datetime(2025, 11, 16, 12, tzinfo=CITY)
    leap = Period(2024 * 12 + 1, 2024 * 12 + 1, datetime(2024, 2, 29, 12, tzinfo=CITY)).before()
    assert leap.end == datetime(2023, 2, 28, 12, tzinfo=CITY)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "2026-13"}, "from: '2026-13', expected a month like 2026-11"),
        ({"to": "yesterday"}, "to: 'yesterday', expected a month like 2026-11"),
        ({"to": "0026-01"}, "to: '0026-01', expected a month like 2026-11"),
        ({"from": "2026-11", "to": "2026-10"}, "from: 2026-11, expected a month not after 2026-10"),
        ({"from": "2020-01"}, "from: 2020-01, expected at most 36 months up to 2026-11"),
        ({"mass": "some"}, "mass: 'some', expected one of out, in, only"),
        ({"sort": "luck"}, "sort: 'luck', expected one of rate, response, arrival, minutes, lifts, name"),
        ({"order": "up"}, "order: 'up', expected one of desc, asc"),
    ],
)
def test_a_bad_address_is_named(asked: dict[str, str], said: str) -> None:
    with pytest.raises(BadSelection) as fault:
        select(asked, NOW)
    assert str(fault.value) == said


def test_the_future_is_not_asked_for() -> None:
    assert select({"from": "2026-10", "to": "2099-01"}, NOW).period.last == NOVEMBER


@given(st.integers(0, 35), st.integers(0, 60), st.sampled_from(["", "442000001"]), st.sampled_from(["in", "only"]))
def test_an_address_leads_back_to_the_same(length: int, back: int, town: str, mass: str) -> None:
    last = NOVEMBER - back
    asked = {"from": name_of(last - length), "to": name_of(last), "town": town, "mass": mass, "sort": "lifts"}
    found = select(asked, NOW)
    address = found.address("/x", order="asc")
    again = dict(part.split("=") for part in address.partition("?")[2].split("&"))
    assert select(again, NOW) == found._replace(order="asc")
    assert ("town=" in address) == bool(town)


@given(st.integers(-40, 0), st.integers(0, 35))
def test_months_add_up(to: int, length: int) -> None:
    period = Period(NOVEMBER + to - length, NOVEMBER + to, NOW)
    passed = [share for _, share in period.each()]
    assert len(passed) == length + 1 and all(0 <= share <= 1 for share in passed)
    assert period.months == pytest.approx(sum(passed))
    assert period.start < period.end <= NOW


def test_a_second_press_turns_the_order() -> None:
    found = select({"sort": "rate"}, NOW)
    assert (found.turned("rate"), found.turned("name"), found.turned("lifts")) == ("asc", "asc", "desc")
    assert select({"sort": "rate", "order": "asc"}, NOW).turned("rate") == "desc"
