"""Zones, schedules and crowds: what happens where, and what a poster is worth."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.kinds import ObjectKind, Phase, Rule, Wear, ZoneKind
from contracts.vision import Box, Detection, Worn
from edge.config import VisionRules
from edge.rules import Decision, crowding, lasting, no_hat, stranger, wear
from edge.rules.scene import Hours, Scene, Zone
from edge.track import Track

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = VisionRules()
LEFT, RIGHT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def one(x: float, *, key: int = 1, kind: ObjectKind = ObjectKind.PERSON, roam: float = 1.0) -> Track:
    found = Detection(kind, Box(x - 30, 100, x + 30, 170), 0.8, hat=Worn(Wear.NOT_WORN, 0.05))
    return Track(id=key, detection=found, born=T0, seen=T0, home=(x, 135), roam=roam)


def scene(*zones: Zone, people: tuple[Track, ...] = (), heads: tuple[Track, ...] = ()) -> Scene:
    return Scene(people=people, heads=heads, width=640, height=360, zones=zones or (Zone(),), clock=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "at", "held"),
    [
        (Hours(time(8), time(14)), time(8), True),
        (Hours(time(8), time(14)), time(13, 59, 59), True),
        (Hours(time(8), time(14)), time(14), False),
        (Hours(time(22), time(2)), time(23), True),
        (Hours(time(22), time(2)), time(1, 59), True),
        (Hours(time(22), time(2)), time(2), False),
        (Hours(time(22), time(2)), time(12), False),
    ],
)
def test_hours_may_go_over_midnight(hours: Hours, at: time, held: bool) -> None:
    assert hours.hold(at) is held


def test_the_first_zone_that_holds_the_middle_counts_and_outside_no_rule_looks() -> None:
    left, whole = Zone(name="left", corners=LEFT), Zone(name="rest")
    assert scene(left, whole).zone_of(one(100).detection.box) is left
    assert scene(left, whole).zone_of(one(600).detection.box) is whole
    assert scene(left).zone_of(one(600).detection.box) is None


def test_a_hat_is_asked_for_only_in_zones_with_food_and_the_event_names_the_zone() -> None:
    zones = (Zone(name="car", kind=ZoneKind.LIFT_CAR, corners=LEFT), Zone(name="wok", corners=RIGHT))
    state, said = wear.WearState(), list[Decision]()
    for second in range(6):
        heads = (one(100, key=1, kind=ObjectKind.HEAD), one(500, key=2, kind=ObjectKind.HEAD))
        state, decisions = no_hat.step(state, scene(*zones, heads=heads), T0 + timedelta(seconds=second), RULES)
        said += decisions
    assert [(decision.subject, decision.zone) for decision in said] == [("head-2", "wok")]


def watch(hour: int, *people: Track, seconds: int = 8, zone: Zone | None = None) -> list[Decision]:
    """Decisions of the stranger rule; the room is worked in from 8 to 14 o'clock."""
    special = zone or Zone(name="cold", kind=ZoneKind.SPECIAL_ROOM, hours=(Hours(time(8), time(14)),))
    state, said = lasting.LastingState(), list[Decision]()
    for second in range(seconds):
        now = datetime(2026, 3, 1, hour, 0, second, tzinfo=SHANGHAI)
        state, decisions = stranger.step(state, scene(special, people=people), now, RULES)
        said += decisions
    return said


@pytest.mark.parametrize(("hour", "starts"), [(7, 1), (8, 0), (13, 0), (14, 1), (23, 1)])
def test_somebody_outside_the_hours_is_a_stranger(hour: int, starts: int) -> None:
    said = watch(hour, one(100))
    assert [(decision.rule, decision.phase) for decision in said] == [(Rule.STRANGER, Phase.START)] * starts
    assert all(decision.zone == "cold" and decision.confidence == 0.8 and decision.box for decision in said)


def test_a_poster_a_kitchen_without_hours_and_an_open_area_have_no_strangers() -> None:
    assert watch(3, one(100, roam=0.0)) == []
    assert watch(3, one(100), zone=Zone(name="cold", kind=ZoneKind.SPECIAL_ROOM)) == []
    hours = (Hours(time(8), time(14)),)
    assert watch(3, one(100), zone=Zone(name="wok", kind=ZoneKind.COOKING, hours=hours)) == []


def test_three_looks_start_and_three_empty_looks_end_it() -> None:
    assert watch(3, one(100), seconds=2) == []
    zone = Zone(name="cold", kind=ZoneKind.SPECIAL_ROOM, hours=(Hours(time(8), time(14)),))
    state, said = lasting.LastingState(), list[Decision]()
    for second in range(12):
        there = (one(100),) if second < 5 else ()
        now = datetime(2026, 3, 1, 3, 0, second, tzinfo=SHANGHAI)
        state, decisions = stranger.step(state, scene(zone, people=there), now, RULES)
        said += decisions
    assert [decision.phase for decision in said] == [Phase.START, Phase.END]
    assert said[1].subject == said[0].subject == "cold" and said[1].at == said[0].at


@pytest.mark.parametrize(("people", "heads", "starts"), [(2, 2, 0), (3, 0, 1), (0, 3, 1), (2, 3, 1)])
def test_a_crowd_is_counted_by_people_or_heads_whichever_are_more(people: int, heads: int, starts: int) -> None:
    car = Zone(name="car", kind=ZoneKind.LIFT_CAR, most_people=2)
    state, said = lasting.LastingState(), list[Decision]()
    for second in range(6):
        seen = scene(
            car,
            people=tuple(one(80 * key, key=key) for key in range(1, people + 1)),
            heads=tuple(one(80 * key, key=key, kind=ObjectKind.HEAD) for key in range(1, heads + 1)),
        )
        state, decisions = crowding.step(state, seen, T0 + timedelta(seconds=second), RULES)
        said += decisions
    assert [decision.rule for decision in said] == [Rule.CROWDING] * starts
    assert all(decision.details == {"people": 3, "most": 2} for decision in said)


def test_faces_on_a_poster_in_the_car_are_no_crowd() -> None:
    car = Zone(name="car", kind=ZoneKind.LIFT_CAR, most_people=1)
    state = lasting.LastingState()
    for second in range(8):
        seen = scene(car, people=(one(100), one(300, key=2, roam=0.01), one(500, key=3, roam=0.01)))
        state, decisions = crowding.step(state, seen, T0 + timedelta(seconds=second), RULES)
        assert decisions == []
