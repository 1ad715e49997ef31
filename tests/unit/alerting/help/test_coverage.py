"""Which lifts nobody reaches in time: against a plain reckoning, place by place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import policy as policies
from alerting.help import travel
from alerting.help.coverage import Place, Roads, Station, by_town, limit_s, tiers, words
from alerting.help.travel import Band, Road, Travel, leg
from alerting.lift_policy import LiftPolicy
from contracts.geometry import Point

ROOT = Path(__file__).resolve().parents[4]
CITY = Travel(zone="UTC", road_factor=1.5, turnout_s=60, speed_kmh=36, bands=(Band(0, 60, 18),))
SLOW = datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
HERE = (22.5, 113.4)


def lift_policy() -> LiftPolicy:
    loaded = policies.load(ROOT / "alerting" / "policies" / "lift.toml")
    assert isinstance(loaded, LiftPolicy)
    return loaded


POLICY = lift_policy()


def place(number: int, where: Point = HERE, **parts: object) -> Place:
    return Place(id=number, town="t1", where=where, lifts=2, **parts)  # type: ignore[arg-type]


def north(km: float) -> Point:
    return HERE[0] + km / 111.195, HERE[1]


def test_limits_come_from_the_policy() -> None:
    assert (limit_s(POLICY, "other", False), limit_s(POLICY, "other", True)) == (1800, 3600)


def test_a_station_too_far_at_the_slowest_hour_is_said_with_the_time_it_takes() -> None:
    # 5 m/s in the slowest hour over 1.5 times the distance: 5.8 km are 1,740 s and the turnout.
    stations = [Station(1, "rescue_station", north(5.7)), Station(2, "city_rescue", HERE)]
    assert [tier.missed for tier in tiers(POLICY, [place(1)], stations, CITY, {})] == [2, 0, 0]
    stations[0] = Station(1, "rescue_station", north(6))
    second = tiers(POLICY, [place(1)], stations, CITY, {})[1]
    assert [(gap.place, gap.lifts, gap.nearest, gap.limit_s) for gap in second.gaps] == [(1, 2, 1, 1800)]
    assert second.gaps[0].travel_s == pytest.approx(60 + 1.5 * 6000 / 5, rel=1e-3)
    assert tiers(POLICY, [place(1, remote=True)], stations, CITY, {})[1].gaps == ()


def test_the_first_tier_is_the_lifts_own_unit_and_not_the_nearest() -> None:
    stations = [Station(1, "maintenance", HERE), Station(2, "maintenance", north(30))]
    first = tiers(POLICY, [place(1, unit=1), place(2, unit=2), place(3)], stations, CITY, {})[0]
    assert [(gap.place, gap.nearest) for gap in first.gaps] == [(2, 2), (3, None)]
    assert first.gaps[1].travel_s is None
    assert first.stations == 2


def test_what_a_routing_server_knows_goes_before_the_estimate() -> None:
    stations = [Station(1, "rescue_station", north(1)), Station(2, "rescue_station", north(4))]
    roads: Roads = {HERE: {north(1): Road(1750, 9000)}}
    second = tiers(POLICY, [place(1)], stations, CITY, roads)[1]
    assert second.gaps == (), "the second one is there in time, the river lies before the first"
    roads = {HERE: {north(1): Road(1750), north(4): Road(4000)}}
    second = tiers(POLICY, [place(1)], stations, CITY, roads)[1]
    assert (second.gaps[0].nearest, second.gaps[0].travel_s) == (1, 60 + 1750 * 2)


def test_a_tier_without_anybody_misses_every_lift() -> None:
    found = tiers(POLICY, [place(1), place(2)], [Station(1, "rescue_station", None)], CITY, {})
    assert [tier.missed for tier in found] == [4, 4, 4]
    assert tiers(POLICY, [], [], CITY, {})[1].missed == 0


def test_in_words() -> None:
    found = tiers(POLICY, [place(1), place(2)], [Station(1, "city_rescue", HERE)], CITY, {})
    codes = ["442001", "442002", "442003", "442004"]
    assert list(words(found[1], codes, 3)) == [
        "tier 2: no rescue station within 30 min (remote places 60 min) of 4 lifts: 442001, 442002, 442003 and 1 more"
    ]
    assert list(words(found[2], [], 3)) == [
        "tier 3: a city rescue within 30 min (remote places 60 min) of each of 4 lifts"
    ]


def test_by_town_the_worst_first() -> None:
    places = [place(1, unit=9), Place(id=2, town="t2", where=HERE, lifts=5)]
    stations = [Station(1, "rescue_station", HERE), Station(2, "city_rescue", HERE), Station(9, "maintenance", HERE)]
    found = by_town(tiers(POLICY, places, stations, CITY, {}), places)
    assert list(found.items()) == [("t2", {0: 5, 1: 5, 2: 0, 3: 0}), ("t1", {0: 2, 1: 0, 2: 0, 3: 0})]


POINTS = st.tuples(st.floats(22, 23), st.floats(113, 114))


@given(
    st.lists(POINTS, min_size=1, max_size=6, unique=True),
    st.lists(POINTS, max_size=6, unique=True),
    st.data(),
)
def test_the_same_as_a_plain_reckoning(ends: list[Point], starts: list[Point], data: st.DataObject) -> None:
    places = [place(number, where) for number, where in enumerate(ends)]
    stations = [Station(number, "rescue_station", where) for number, where in enumerate(starts)]
    ways = data.draw(
        st.lists(st.tuples(st.sampled_from(ends), st.sampled_from(starts), st.integers(0, 4000)))
        if starts
        else st.just([])
    )
    roads: dict[Point, dict[Point, Road]] = {}
    for end, start, seconds in ways:
        roads.setdefault(end, {})[start] = Road(seconds)
    found = {gap.place: gap for gap in tiers(POLICY, places, stations, CITY, roads)[1].gaps}
    for one in places:
        took = [leg(CITY, start, one.where, SLOW, roads.get(one.where, {}).get(start)).seconds for start in starts]
        soonest = min(took, default=None)
        if soonest is None:
            assert found[one.id].nearest is None
        elif abs(soonest - 1800) > 1e-3:
            assert (one.id in found) == (soonest > 1800)
            if one.id in found:
                assert found[one.id].travel_s == pytest.approx(soonest)


def test_a_big_city_is_reckoned_in_parts() -> None:
    places = [place(number, north(number / 1000)) for number in range(5000)]
    second = tiers(POLICY, places, [Station(1, "rescue_station", HERE)], travel.DEFAULT, {})[1]
    assert second.gaps == ()
