"""Which due letters go out now: first pages always, reminders as their gateway has room, findings in half of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.rates import WINDOW, Due, Room, Weight, choose, weight

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
WIDE = Room(100, 100, 100)
ROBOT = "apprise ab12"


def due(number: int, urgency: Weight, gateway: str = ROBOT, give_up_at: datetime = LATER, unsure: bool = False) -> Due:
    return Due(id=number, channel="apprise", gateway=gateway, weight=urgency, give_up_at=give_up_at, unsure=unsure)


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=one) for one in sorted(seconds, reverse=True)]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("tier_offer", Weight.FIRST),
        ("property_notice", Weight.FIRST),
        ("emergency", Weight.FIRST),
        ("overdue", Weight.FIRST),
        ("something_new", Weight.FIRST),
        ("call_again", Weight.REPEAT),
        ("follow_up_reminder", Weight.REPEAT),
        ("finding_pushed", Weight.LOW),
        ("digest_week", Weight.LOW),
    ],
)
def test_what_hangs_on_a_stage(stage: str, expected: Weight) -> None:
    assert weight(stage) is expected


@pytest.mark.parametrize(
    ("letter", "used", "held_s"),
    [
        (due(1, Weight.FIRST), 500, None),
        (due(1, Weight.FIRST, unsure=True), 20, 20),
        (due(1, Weight.REPEAT), 19, None),
        (due(1, Weight.REPEAT), 20, 20),
        (due(1, Weight.REPEAT), 25, 25),
        (due(1, Weight.LOW), 9, None),
        (due(1, Weight.LOW), 10, 20),
        (due(1, Weight.LOW), 19, 29),
    ],
)
def test_what_is_held_back(letter: Due, used: int, held_s: float | None) -> None:
    """The gateway took `used` letters, one every second, the first 40 s ago and earlier ones at the same moment."""
    recent = {ROBOT: ago(*(max(1.0, 40.0 - number) for number in range(used)))}
    choice = choose([letter], recent, {"apprise": 20}, WIDE, NOW)
    if held_s is None:
        assert choice.send == (1,)
    else:
        assert choice.send == ()
        assert (choice.hold[1] - NOW).total_seconds() == held_s


def test_letters_of_one_choice_count_each_other() -> None:
    letters = [due(1, Weight.FIRST), *(due(number, Weight.REPEAT) for number in (2, 3))]
    choice = choose(letters, {}, {"apprise": 2}, WIDE, NOW)
    assert choice.send == (1, 2)
    assert choice.hold == {3: NOW + WINDOW}


def test_another_gateway_is_not_held_back_and_no_limit_is_none() -> None:
    recent = {ROBOT: ago(*range(1, 50))}
    letters = [due(1, Weight.LOW), due(2, Weight.LOW, "apprise cd34")]
    assert choose(letters, recent, {"apprise": 20}, WIDE, NOW).send == (2,)
    assert choose(letters, recent, {"apprise": 0}, WIDE, NOW).send == (1, 2)
    assert choose(letters, recent, {}, WIDE, NOW).send == (1, 2)


def test_what_would_be_held_beyond_its_clock_goes_now() -> None:
    recent = {ROBOT: ago(*range(1, 30))}
    letter = due(1, Weight.LOW, give_up_at=NOW + timedelta(seconds=20))
    assert choose([letter], recent, {"apprise": 20}, WIDE, NOW).send == (1,)


def test_first_pages_go_before_what_was_due_earlier() -> None:
    letters = [due(1, Weight.LOW), due(2, Weight.REPEAT), due(3, Weight.FIRST), due(4, Weight.FIRST)]
    assert choose(letters, {}, {}, Room(3, 3, 100), NOW).send == (3, 4, 2)


def test_a_gateway_that_is_slow_leaves_room_for_others() -> None:
    letters = [due(number, Weight.FIRST) for number in range(5)] + [due(9, Weight.FIRST, "email")]
    room = Room(10, 10, 4, {ROBOT: 3})
    assert choose(letters, {}, {}, room, NOW).send == (0, 9)


def test_what_can_wait_takes_no_more_than_its_share_of_the_threads() -> None:
    letters = [due(number, Weight.LOW) for number in range(5)] + [due(9, Weight.FIRST)]
    assert choose(letters, {}, {}, Room(10, 2, 100), NOW).send == (9, 0, 1)


letters_of_any_kind = st.builds(
    Due,
    id=st.integers(),
    channel=st.just("apprise"),
    gateway=st.sampled_from(["a", "b"]),
    weight=st.sampled_from(Weight),
    give_up_at=st.floats(-100, 1000).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    unsure=st.booleans(),
)


@given(
    st.lists(letters_of_any_kind, max_size=30, unique_by=lambda one: one.id),
    st.dictionaries(st.sampled_from(["a", "b"]), st.lists(st.floats(-4000, 60), max_size=40).map(lambda s: ago(*s))),
    st.integers(0, 20),
)
def test_no_first_page_is_ever_held_back(letters: list[Due], recent: dict[str, list[datetime]], limit: int) -> None:
    choice = choose(letters, recent, {"apprise": limit}, WIDE, NOW)
    assert set(choice.send) | set(choice.hold) == {one.id for one in letters}
    assert set(choice.send) & set(choice.hold) == set()
    for one in letters:
        if one.weight is Weight.FIRST and not one.unsure:
            assert one.id in choice.send
        if one.id in choice.hold:
            assert NOW < choice.hold[one.id] <= NOW + WINDOW
            assert choice.hold[one.id] < one.give_up_at
