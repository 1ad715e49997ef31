"""Who is on duty: weekly lines, holidays, shifts, substitutes, and the hours in which nobody is."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.roster import DAYS, Hole, Pattern, Roster, Substitute, Turn, holes, on_duty, span, turns, works_as

CITY = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 30, tzinfo=CITY)
LI, WANG, CHEN = 1, 2, 3
ROUND = tuple(
    line for day in DAYS for line in (Pattern(LI, day, time(8), time(20)), Pattern(WANG, day, time(20), time(8)))
)


def at(hours: float, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hours)


def roster(**parts: object) -> Roster:
    return Roster(organisation=9, zone="Asia/Shanghai", **parts)  # type: ignore[arg-type]


def who(roster: Roster, now: datetime) -> set[int]:
    return {turn.person for turn in on_duty(roster, now)}


def test_day_and_night_by_the_citys_clock() -> None:
    kept = roster(patterns=ROUND)
    assert who(kept, at(8)) == {LI}
    assert who(kept, at(19.99)) == {LI}
    assert who(kept, at(20)) == {WANG}
    assert who(kept, at(3)) == {WANG}, "the duty of the evening before goes on"
    assert who(kept, at(3).astimezone(UTC)) == {WANG}
    assert holes(kept, at(0), at(0, 40)) == []


def test_on_holidays_the_lines_for_holidays_hold_and_else_the_usual_ones() -> None:
    free = {date(2026, 12, 1): "holiday"}
    assert who(roster(patterns=ROUND, days=free), at(9, 1)) == {LI}
    kept = roster(patterns=(*ROUND, Pattern(CHEN, "holiday", time(0), time(0))), days=free)
    assert [who(kept, at(9, day)) for day in (0, 1, 2)] == [{LI}, {CHEN}, {LI}]
    assert who(kept, at(3, 1)) == {WANG, CHEN}, "who began the evening before goes home at eight"
    assert who(kept, at(3, 2)) == {WANG} - {WANG}, "and on the holiday's evening nobody else came"
    assert holes(kept, at(0, 1), at(0, 4)) == [Hole(at(0, 2), at(8, 2))]


def test_a_saturday_may_work_as_a_wednesday() -> None:
    kept = roster(patterns=[Pattern(LI, "wed", time(8), time(20))], days={date(2026, 12, 5): "wed"})
    assert works_as(kept, date(2026, 12, 5)) == "wed"
    assert who(kept, at(9, 5)) == {LI}
    assert who(kept, at(9, 4)) == set()


def test_a_substitute_takes_part_of_a_duty_and_may_be_stood_in_for() -> None:
    kept = roster(
        patterns=ROUND,
        substitutes=[
            Substitute(LI, CHEN, at(10), at(14), "ill"),
            Substitute(CHEN, WANG, at(12), at(14), "called away"),
        ],
    )
    assert [who(kept, at(hour)) for hour in (9, 10, 12, 14)] == [{LI}, {CHEN}, {WANG}, {LI}]
    assert on_duty(kept, at(13))[0].instead_of == LI
    assert holes(kept, at(0), at(24)) == []
    absent = roster(patterns=ROUND, substitutes=[Substitute(LI, None, at(10), at(14), "ill")])
    assert holes(absent, at(0), at(24)) == [Hole(at(10), at(14))]


def test_a_later_arrangement_holds_and_one_may_be_taken_back() -> None:
    ill = Substitute(LI, WANG, at(0), at(0, 10), "ill")
    kept = roster(patterns=ROUND, substitutes=[ill, Substitute(LI, CHEN, at(0, 5), at(0, 6), "wang is away")])
    assert [who(kept, at(9, day)) for day in (4, 5, 6)] == [{WANG}, {CHEN}, {WANG}]
    absent = Substitute(LI, None, at(0, 5), at(0, 6), "nobody found")
    kept = roster(patterns=ROUND, substitutes=[ill, absent, Substitute(LI, CHEN, at(0, 5), at(0, 6), "found")])
    assert who(kept, at(9, 5)) == {CHEN}
    kept = roster(patterns=ROUND, substitutes=[ill, Substitute(LI, LI, at(0, 5), at(0, 10), "well again")])
    assert [who(kept, at(9, day)) for day in (4, 5)] == [{WANG}, {LI}]
    assert on_duty(kept, at(9, 5))[0].instead_of is None


def test_who_has_left_leaves_a_hole_unless_somebody_stands_in() -> None:
    assert holes(roster(patterns=ROUND, gone={LI}), at(0), at(24)) == [Hole(at(8), at(20))]
    by = [Substitute(LI, CHEN, at(0), at(12), "left")]
    assert holes(roster(patterns=ROUND, gone={LI}, substitutes=by), at(0), at(24)) == [Hole(at(12), at(20))]


def test_shifts_need_no_weekly_lines() -> None:
    kept = roster(shifts=[Turn(at(0), at(6), LI), Turn(at(5), at(9), WANG)])
    assert who(kept, at(5.5)) == {LI, WANG}
    assert holes(kept, at(-1), at(10)) == [Hole(at(-1), at(0)), Hole(at(9), at(10))]
    assert turns(kept, at(7), at(8)) == [Turn(at(5), at(9), WANG)]


def test_nobody_at_all_is_one_hole() -> None:
    assert holes(roster(), at(0), at(5)) == [Hole(at(0), at(5))]


def test_a_night_in_which_the_clock_is_put_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin, end = span(date(2027, 3, 27), time(20), time(8), berlin)
    assert end - begin == timedelta(hours=11)
    begin, end = span(date(2027, 3, 28), time(2, 15), time(2, 45), berlin)
    assert begin <= end


SPANS = st.tuples(st.integers(0, 96), st.integers(1, 40), st.integers(1, 4))
SUBSTITUTES = st.tuples(st.integers(1, 4), st.none() | st.integers(5, 8), st.integers(0, 96), st.integers(1, 40))


@given(st.lists(SPANS, max_size=12), st.lists(SUBSTITUTES, max_size=4), st.integers(0, 96), st.integers(1, 96))
def test_holes_are_exactly_the_hours_in_which_nobody_is_on_duty(
    spans: list[tuple[int, int, int]], instead: list[tuple[int, int | None, int, int]], first: int, long: int
) -> None:
    kept = roster(
        shifts=[Turn(at(begin), at(begin + hours), person) for begin, hours, person in spans],
        substitutes=[Substitute(person, by, at(begin), at(begin + hours), "x") for person, by, begin, hours in instead],
    )
    found = holes(kept, at(first), at(first + long))
    for hour in range(first, first + long):
        empty = any(hole.begin <= at(hour) < hole.end for hole in found)
        assert empty == (not on_duty(kept, at(hour)))
        assert {turn.person for turn in on_duty(kept, at(hour))} == by_hand(spans, instead, hour)
    assert all(hole.begin < hole.end for hole in found)
    assert all(before.end < after.begin for before, after in pairwise(found))
    if found:
        assert (found[0].begin >= at(first), found[-1].end <= at(first + long)) == (True, True)


def by_hand(spans: list[tuple[int, int, int]], instead: list[tuple[int, int | None, int, int]], hour: int) -> set[int]:
    """Who is on duty in an hour: for each whose duty it is, who does it."""
    doing: dict[int, int | None] = {person: person for begin, hours, person in spans if begin <= hour < begin + hours}
    for person, by, begin, hours in instead:
        if begin <= hour < begin + hours:
            doing = {owner: by if person in (owner, does) else does for owner, does in doing.items()}
    return {does for does in doing.values() if does is not None}


PATTERNS = st.lists(
    st.builds(
        Pattern,
        st.integers(1, 3),
        st.sampled_from((*DAYS, "holiday")),
        st.builds(time, st.integers(0, 23)),
        st.builds(time, st.integers(0, 23)),
    ),
    max_size=8,
)


@given(PATTERNS, st.integers(0, 5))
def test_holes_of_weekly_lines(patterns: list[Pattern], holiday: int) -> None:
    kept = roster(patterns=patterns, days={(MONDAY + timedelta(days=holiday)).date(): "holiday"})
    found = holes(kept, at(0), at(0, 7))
    for hour in range(7 * 24):
        assert any(hole.begin <= at(hour) < hole.end for hole in found) == (not on_duty(kept, at(hour)))


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Europe/Berlin"])
def test_round_the_clock_leaves_no_hole_in_any_zone(zone: str) -> None:
    kept = Roster(organisation=1, zone=zone, patterns=ROUND)
    begin = datetime(2027, 3, 1, tzinfo=UTC)
    assert holes(kept, begin, begin + timedelta(days=300)) == []
