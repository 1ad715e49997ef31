"""Who is asked first, and why somebody nearer is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.help.ranking import Shortlist, Standing, Station, rank
from alerting.help.travel import Leg


def station(number: int, minutes: float | None, **facts: object) -> Station:
    leg = None if minutes is None else Leg(500 * minutes, 60 * minutes, False)
    return Station(organisation_id=number, leg=leg, **facts)  # type: ignore[arg-type]


def ids(found: Shortlist) -> tuple[list[int], list[int]]:
    return [one.organisation_id for one in found.chosen], [one.organisation_id for one in found.passed]


def test_the_nearest_in_time_and_one_without_a_position_last() -> None:
    found = rank([station(1, None), station(2, 9), station(3, 4)], 1)
    assert ids(found) == ([3], [])
    assert found.chosen[0].reason == "4 min, 2.0 km estimated"
    assert (found.chosen[0].travel_s, found.chosen[0].distance_m) == (240, 2000)
    everybody = rank([station(1, None), station(2, 9), station(3, 4)], 0)
    assert ids(everybody) == ([3, 2, 1], [])
    assert everybody.chosen[2].reason == "position not known"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"under_way": 2, "crews": 2}, "busy: 2 of 2 crews under way; 4 min, 2.0 km estimated"),
        ({"offered": 1}, "asked elsewhere: 0 under way and 1 unanswered for 1 crew; 4 min, 2.0 km estimated"),
        ({"off_duty": True}, "off duty: nobody is on its roster now; 4 min, 2.0 km estimated"),
        ({"methods": 0, "phone": "12350"}, "no contact method, telephone 12350; 4 min, 2.0 km estimated"),
        ({"asked": True}, "already asked; 4 min, 2.0 km estimated"),
    ],
)
def test_who_is_passed_over_and_why(facts: dict[str, object], reason: str) -> None:
    found = rank([station(1, 4, **facts), station(2, 25), station(3, 40, asked=True)], 1)
    assert ids(found) == ([2], [1])
    assert found.passed[0].reason == reason


def test_a_second_crew_makes_a_station_free() -> None:
    assert ids(rank([station(1, 4, under_way=1, crews=2), station(2, 25)], 1)) == ([1], [])
    assert ids(rank([station(1, 4, under_way=1, offered=1, crews=2), station(2, 25)], 1)) == ([2], [1])


def test_busy_is_better_than_nobody_and_off_duty_too() -> None:
    stations = [station(1, 4, off_duty=True), station(2, 9, under_way=1), station(3, 20, asked=True)]
    found = rank(stations, 1)
    assert ids(found) == ([2], [1, 3])
    assert ids(rank(stations, 0)) == ([2, 1], [3])
    assert ids(rank(stations[:1], 1)) == ([1], [])


def test_nobody_is_left() -> None:
    assert rank([], 1) == Shortlist()
    assert ids(rank([station(1, 4, asked=True), station(2, 2, methods=0)], 2)) == ([], [2, 1])


STATIONS = st.lists(
    st.tuples(st.none() | st.integers(1, 90), st.integers(0, 3), st.integers(0, 2), *[st.booleans()] * 3), max_size=12
)


@given(STATIONS, st.integers(0, 5))
def test_nobody_is_forgotten_and_nobody_better_waits(
    facts: list[tuple[int | None, int, int, bool, bool, bool]], count: int
) -> None:
    made = [
        station(number, minutes, under_way=under, offered=offered, off_duty=off, methods=int(reached), asked=asked)
        for number, (minutes, under, offered, off, reached, asked) in enumerate(facts)
    ]
    found = rank(made, count)
    able = [one for one in made if one.methods and not one.asked]
    assert len(found.chosen) == (min(count, len(able)) if count else len(able))
    order = [one.standing for one in found.chosen]
    assert order == sorted(order)
    missing = {one.organisation_id for one in made if one not in able}
    named = {one.organisation_id for one in found.passed if one.standing >= Standing.UNREACHABLE}
    assert named <= missing
    if len(found.chosen) < count or any(one.standing is not Standing.FREE for one in found.chosen):
        assert named == missing
    # Whoever is not asked although it could be is either less ready than all who are, or farther than one of them.
    chosen = {one.organisation_id for one in found.chosen}
    for one in able:
        if one.organisation_id not in chosen and found.chosen:
            alone = rank([one], 1).chosen[0]
            assert alone.standing >= order[-1]
