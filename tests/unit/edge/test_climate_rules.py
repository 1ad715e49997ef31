"""Climate, reheating and UV lamps at their boundaries, minute by minute."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import Phase, Rule
from contracts.messages import ClimateSample
from edge.config import ClimateLimit, ClimateRules, ReheatingRules, UvRules
from edge.rules import Decision, climate, clock, reheating, uv_lamp

HERE = timezone(timedelta(hours=8))
T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""nine in the morning in the city"""
RULES = ClimateRules()


class Kitchen:
    """A sensor under the rule of a place, fed minute by minute."""

    def __init__(self, limit: ClimateLimit, watched: bool = True) -> None:
        self.limit, self.watched = limit, watched
        self.state, self.now = climate.ClimateState(), T0
        self.said: list[Decision] = []

    def feed(self, minutes: int, temperature: float | None, humidity: float | None = None) -> "Kitchen":
        for _ in range(minutes):
            sample = ClimateSample(temperature=temperature, humidity=humidity)
            self.state, said = climate.step(self.state, sample, self.now, self.limit, RULES, self.watched)
            self.said += said
            self.now += timedelta(minutes=1)
        return self

    @property
    def spoken(self) -> list[tuple[str, Phase]]:
        return [(decision.subject, decision.phase) for decision in self.said]


WARM = [("temperature", Phase.START)]
OVER = [*WARM, ("temperature", Phase.END)]


def special() -> Kitchen:
    return Kitchen(RULES.special_room)


def hot() -> Kitchen:
    return Kitchen(RULES.hot_holding)


def cold() -> Kitchen:
    return Kitchen(RULES.cold_holding)


@pytest.mark.parametrize(
    ("kitchen", "expected"),
    [
        (special().feed(600, 25.0), []),
        (special().feed(11, 25.1), []),
        (special().feed(12, 25.1), WARM),
        (special().feed(12, None), []),
        (special().feed(12, 25.1).feed(60, None), WARM),
        (special().feed(12, 25.1).feed(60, 24.6), WARM),
        (special().feed(12, 25.1).feed(1, 24.5), OVER),
        (special().feed(9, 25.1).feed(60, None).feed(2, 25.1), []),
        (special().feed(9, 25.1).feed(60, None).feed(4, 25.1), WARM),
        (special().feed(9, 25.1).feed(1, 24.8).feed(4, 25.1), WARM),
        (special().feed(9, 25.1).feed(1, 24.5).feed(11, 25.1), []),
        (hot().feed(600, 60.1), []),
        (hot().feed(121, 60.0), []),
        (hot().feed(122, 60.0), WARM),
        (hot().feed(122, 60.0).feed(5, 60.5), WARM),
        (hot().feed(122, 60.0).feed(1, 60.6), OVER),
        (cold().feed(600, 9.9), []),
        (cold().feed(121, 10.0), []),
        (cold().feed(122, 10.0), WARM),
        (cold().feed(122, 10.0).feed(1, 9.5), WARM),
        (cold().feed(122, 10.0).feed(1, 9.4), OVER),
        (Kitchen(RULES.store).feed(600, 40, 95), []),
        (Kitchen(RULES.special_room, watched=False).feed(600, 40), []),
    ],
    ids=lambda value: "" if isinstance(value, Kitchen) else f"{len(value)}",
)
def test_when_a_place_is_too_warm_or_too_cold(kitchen: Kitchen, expected: list[tuple[str, Phase]]) -> None:
    assert kitchen.spoken == expected


def test_humidity_has_a_clock_of_its_own() -> None:
    kitchen = Kitchen(ClimateLimit(at_most_c=25, humidity_at_most=70, after_s=300))
    assert kitchen.feed(7, 20, 70.1).spoken == [("humidity", Phase.START)]
    assert kitchen.feed(7, 30, 69).spoken[1:] == WARM
    assert kitchen.feed(1, 20, 68).spoken[2:] == [("temperature", Phase.END), ("humidity", Phase.END)]


def test_an_event_says_since_when_and_how_bad() -> None:
    kitchen = special().feed(5, 27.0).feed(8, 25.5).feed(1, 20)
    start, end = kitchen.said
    assert (start.at, start.rule, start.details["worst"]) == (T0, Rule.CLIMATE, 27.0)
    assert "expected at most 25 C" in start.reason
    assert (end.at, end.details["worst"], end.details["seconds"]) == (T0, 27.0, 720)
    assert hot().feed(100, 50).feed(30, 55).said[0].details["worst"] == 50


def test_the_end_of_the_watched_hours_ends_an_event() -> None:
    kitchen = hot().feed(130, 20)
    kitchen.watched = False
    assert kitchen.feed(1, 20).spoken == OVER
    kitchen.watched = True
    assert kitchen.feed(121, 20).spoken == OVER


DAY = st.lists(st.tuples(st.integers(1, 200), st.none() | st.floats(-20, 90)), max_size=20)


@settings(deadline=None)
@given(st.sampled_from((special, hot, cold)), DAY)
def test_events_begin_and_end_in_turn(place: Callable[[], Kitchen], day: list[tuple[int, float | None]]) -> None:
    kitchen = place()
    for minutes, temperature in day:
        kitchen.feed(minutes, temperature)
    phases = [phase for _, phase in kitchen.spoken]
    assert phases == [Phase.START, Phase.END] * (len(phases) // 2) + [Phase.START] * (len(phases) % 2)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        ([20, 46, 71, 30], []),
        ([20, 46, 70, 30], [Phase.START]),
        ([20, 46, 70, 41], []),
        ([20, 46, 70, None, 40], [Phase.START]),
        ([20, 46, 70, 44, 71, 30], []),
        ([20, 44, 20], []),
        ([46, 60, 30, 46, 65, 30], [Phase.START]),
        ([46, 60, 30, 46, 70.5, 30], [Phase.START, Phase.END]),
    ],
)
def test_reheated_food_is_hot_inside(cores: list[float | None], expected: list[Phase]) -> None:
    state, said = reheating.ReheatingState(), list[Decision]()
    for minute, core in enumerate(cores):
        now = T0 + timedelta(minutes=minute)
        state, decided = reheating.step(state, ClimateSample(temperature=core), now, ReheatingRules())
        said += decided
    assert [decision.phase for decision in said] == expected


class Room:
    """A room with a UV lamp, looked at every minute; its shift ends at four in the morning."""

    def __init__(self, start: datetime = T0) -> None:
        self.state, self.now = uv_lamp.UvState(), start
        self.said: list[Decision] = []

    def feed(self, minutes: int, lamp: bool | None, door: bool | None = False, inside: bool | None = False) -> "Room":
        sample = ClimateSample(uv_lamp=lamp, door_open=door)
        for _ in range(minutes):
            self.state, said = uv_lamp.step(self.state, sample, inside, self.now, UvRules(), HERE)
            self.said += said
            self.now += timedelta(minutes=1)
        return self

    def day(
        self, minutes: int, lamp: bool | None = True, door: bool | None = False, inside: bool | None = False
    ) -> "Room":
        """A whole day with the lamp burning so long, then dark."""
        return self.feed(minutes, lamp, door, inside).feed(24 * 60 - minutes, False)

    @property
    def spoken(self) -> list[tuple[str, Phase]]:
        return [(decision.subject, decision.phase) for decision in self.said]


SHIFT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
"""four in the morning in the city"""
SHORT = ("exposure", Phase.START)
LONG_AGAIN = ("exposure", Phase.END)
EXPOSED = ("people", Phase.START)
SAFE = ("people", Phase.END)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (Room(SHIFT).day(30).feed(1, False), []),
        (Room(SHIFT).day(29).feed(1, False), [SHORT]),
        (Room(SHIFT).day(0).feed(1, False), [SHORT]),
        (Room(SHIFT).day(0).day(29).feed(1, False), [SHORT]),
        (Room(SHIFT).day(0).day(31), [SHORT, LONG_AGAIN]),
        (Room(SHIFT).day(30, None).feed(1, False), []),
        (Room(SHIFT).day(29, None).feed(1, False), [SHORT]),
        (Room(SHIFT).day(15).feed(15, None).feed(24 * 60, False), [SHORT]),
        (Room(SHIFT).feed(15, True).feed(15, None).feed(23 * 60 + 31, False), []),
        (Room(SHIFT).day(60, True, None, None).feed(1, False), []),
        (Room(SHIFT).day(60, True, None, False).feed(1, False), []),
        (Room(SHIFT).day(60, True, False, None).feed(1, False), []),
        (Room(SHIFT).feed(24 * 60 + 1, None), []),
        (Room(T0).feed(24 * 60, False), []),
        (Room(T0).feed(19 * 60, False).day(0).feed(1, False), [SHORT]),
    ],
    ids=lambda value: "" if isinstance(value, Room) else str(len(value)),
)
def test_the_lamp_burns_long_enough_in_every_shift(room: Room, expected: list[tuple[str, Phase]]) -> None:
    assert room.spoken == expected


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (Room().feed(5, True), []),
        (Room().feed(1, True, inside=True), [EXPOSED]),
        (Room().feed(1, True, True), [EXPOSED]),
        (Room().feed(1, False, True, True), []),
        (Room().feed(1, None, True, True), []),
        (Room().feed(1, True, None, None), []),
        (Room().feed(1, True, True).feed(5, True, None), [EXPOSED]),
        (Room().feed(1, True, True).feed(5, None, True), [EXPOSED]),
        (Room().feed(1, True, True).feed(1, True, False), [EXPOSED, SAFE]),
        (Room().feed(1, True, True, True).feed(1, True, False, True), [EXPOSED]),
        (Room().feed(1, True, True).feed(1, False, True), [EXPOSED, SAFE]),
    ],
    ids=lambda value: "" if isinstance(value, Room) else str(len(value)),
)
def test_nobody_stands_in_the_light(room: Room, expected: list[tuple[str, Phase]]) -> None:
    assert room.spoken == expected


def test_time_with_somebody_inside_does_not_count() -> None:
    room = Room(SHIFT).feed(60, True, inside=True).feed(23 * 60 + 1, False)
    assert room.spoken == [EXPOSED, SAFE, SHORT]
    assert room.said[-1].at == SHIFT


def test_a_machine_that_slept_cannot_tell() -> None:
    room = Room(SHIFT).feed(1, False)
    room.now += timedelta(hours=25)
    assert room.feed(1, False).spoken == []


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 300), *[st.none() | st.booleans()] * 3),
        max_size=20,
    )
)
def test_uv_events_begin_and_end_in_turn(day: list[tuple[int, bool | None, bool | None, bool | None]]) -> None:
    room = Room()
    for minutes, lamp, door, inside in day:
        room.feed(minutes, lamp, door, inside)
    for subject in ("exposure", "people"):
        phases = [phase for about, phase in room.spoken if about == subject]
        assert phases == [Phase.START, Phase.END] * (len(phases) // 2) + [Phase.START] * (len(phases) % 2)


@pytest.mark.parametrize(
    ("hours", "minute", "expected"),
    [
        ("", 0, True),
        ("09:00-10:00", 0, True),
        ("09:00-10:00", 59, True),
        ("09:00-10:00", 60, False),
        ("09:01-10:00", 0, False),
        ("22:00-09:01", 0, True),
        ("22:00-09:00", 0, False),
        ("22:00-06:00", 14 * 60, True),
    ],
)
def test_hours_are_local_and_may_pass_midnight(hours: str, minute: int, expected: bool) -> None:
    assert clock.within(T0 + timedelta(minutes=minute), hours, HERE) is expected


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)), st.lists(st.sampled_from(("00:00", "04:00", "23:59")), min_size=1))
def test_the_newest_mark_is_at_most_a_day_old(now: datetime, marks: list[str]) -> None:
    if now.year in (1, 9999):
        return
    mark = clock.last(now, marks, HERE)
    assert timedelta() <= now - mark < timedelta(days=1)
