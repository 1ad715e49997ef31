"""PURE: which lifts nobody of a tier's kinds reaches within the policy's limit, at the slowest hour of the day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alerting.help.travel import Road, Travel
from alerting.lift_policy import Facts, LiftPolicy, plan
from contracts.geometry import EARTH_RADIUS_M, Point
from contracts.kinds import OrganisationKind

Floats = NDArray[np.float64]
NOON = 720
AT_ONCE = 2048
"""places whose ways to all stations are reckoned together"""
Roads = Mapping[Point, Mapping[Point, Road]]
"""ways that a routing server knows: by place, and then by where they begin"""


class Place(Struct, frozen=True, kw_only=True):
    """The lifts of a place that one maintenance unit looks after."""

    id: int
    town: str
    where: Point
    lifts: int
    kind: str = "other"
    remote: bool = False
    unit: int | None = None
    property: int | None = None


class Station(Struct, frozen=True):
    """An organisation that may be asked to come."""

    id: int
    kind: str
    where: Point | None


class Gap(Struct, frozen=True, kw_only=True):
    """Lifts of a place that a tier does not reach in time; `nearest` and seconds are None where there is nobody."""

    tier: int
    place: int
    town: str
    lifts: int
    limit_s: float
    unit: int | None = None
    nearest: int | None = None
    travel_s: float | None = None


class Tier(Struct, frozen=True, kw_only=True):
    """What one tier of the policy reaches."""

    tier: int
    kinds: tuple[str, ...]
    limit_s: float
    remote_limit_s: float
    lifts: int
    stations: int
    gaps: tuple[Gap, ...]

    @property
    def missed(self) -> int:
        return sum(gap.lifts for gap in self.gaps)


def tiers(
    policy: LiftPolicy, places: Sequence[Place], stations: Sequence[Station], travel: Travel, roads: Roads
) -> list[Tier]:
    """Every tier of a policy over all lifts."""
    return [_tier(policy, number, places, stations, travel, roads) for number in range(1, len(policy.tier) + 1)]


def limit_s(policy: LiftPolicy, kind: str, remote: bool) -> float:
    """Within what time a lift in such a place expects somebody, on an ordinary day at noon."""
    return plan(policy, Facts(place_kind=kind, remote=remote, minute=NOON)).clocks.arrive_s


def _tier(
    policy: LiftPolicy,
    number: int,
    places: Sequence[Place],
    stations: Sequence[Station],
    travel: Travel,
    roads: Roads,
) -> Tier:
    kinds = policy.tier[number - 1].ask
    nearest, seconds = _soonest(kinds, places, stations, travel, roads)
    limits = {key: limit_s(policy, *key) for key in {(place.kind, place.remote) for place in places}}
    gaps = list[Gap]()
    for place, station, took in zip(places, nearest, seconds.tolist(), strict=True):
        limit = limits[place.kind, place.remote]
        if took > limit:
            far = {"nearest": station, "travel_s": took} if station is not None else {}
            gap = Gap(
                tier=number,
                place=place.id,
                town=place.town,
                lifts=place.lifts,
                limit_s=limit,
                unit=place.unit,
                **far,
            )
            gaps.append(gap)
    return Tier(
        tier=number,
        kinds=tuple(kind.value for kind in kinds),
        limit_s=limit_s(policy, "other", False),
        remote_limit_s=limit_s(policy, "other", True),
        lifts=sum(place.lifts for place in places),
        stations=len(_asked(kinds, places, stations)),
        gaps=tuple(gaps),
    )


def _asked(
    kinds: Sequence[OrganisationKind], places: Sequence[Place], stations: Sequence[Station]
) -> Sequence[Station]:
    """Who may be asked: everybody of the kinds, and of units and properties those that have a lift."""
    own = {place.unit for place in places} | {place.property for place in places}
    return [one for one in stations if one.kind in kinds and (one.kind not in OWN or one.id in own)]


OWN = (OrganisationKind.MAINTENANCE, OrganisationKind.PROPERTY)


def _soonest(
    kinds: Sequence[OrganisationKind],
    places: Sequence[Place],
    stations: Sequence[Station],
    travel: Travel,
    roads: Roads,
) -> tuple[list[int | None], Floats]:
    """For each place who is there first, and in how many seconds; infinite where nobody can be."""
    nearest: list[int | None] = [None] * len(places)
    seconds = np.full(len(places), np.inf)
    others = [one for one in stations if one.kind in kinds and one.kind not in OWN and one.where is not None]
    if others:
        for first in range(0, len(places), AT_ONCE):
            part = _table(places[first : first + AT_ONCE], others, travel, roads)
            best = part.argmin(axis=1)
            seconds[first : first + AT_ONCE] = part[np.arange(len(part)), best]
            nearest[first : first + AT_ONCE] = [others[index].id for index in best.tolist()]
    by_id = {one.id: one for one in stations if one.where is not None}
    for index, place in enumerate(places):
        for kind, number in ((OWN[0], place.unit), (OWN[1], place.property)):
            one = by_id.get(number) if number is not None and kind in kinds else None
            if one is not None:
                took = _own(place, one, travel, roads)
                if took < seconds[index]:
                    nearest[index], seconds[index] = one.id, took
    return nearest, seconds


def _own(place: Place, station: Station, travel: Travel, roads: Roads) -> float:
    assert station.where is not None
    road = roads.get(place.where, {}).get(station.where)
    if road is not None:
        return travel.routed_s(road.seconds, travel.slowest_kmh)
    metres = float(distances(np.array([place.where]), np.array([station.where]))[0, 0])
    return travel.estimated_s(metres, travel.slowest_kmh)


def _table(places: Sequence[Place], stations: Sequence[Station], travel: Travel, roads: Roads) -> Floats:
    """Seconds from each station to each place."""
    starts = [one.where for one in stations if one.where is not None]
    straight = distances(np.array([place.where for place in places]), np.array(starts))
    found: Floats = travel.turnout_s + straight * travel.road_factor / (travel.slowest_kmh / 3.6)
    columns: dict[Point, list[int]] = defaultdict(list)
    for column, start in enumerate(starts):
        columns[start].append(column)
    for row, place in enumerate(places):
        for start, road in roads.get(place.where, {}).items():
            for column in columns.get(start, ()):
                found[row, column] = travel.routed_s(road.seconds, travel.slowest_kmh)
    return found


def distances(ends: NDArray[Any], starts: NDArray[Any]) -> Floats:
    """Great-circle metres from every start (columns) to every end (rows); latitudes and longitudes in degrees."""
    end, start = np.radians(ends)[:, None, :], np.radians(starts)[None, :, :]
    half = np.sin((end - start) / 2) ** 2
    chord = half[..., 0] + np.cos(end[..., 0]) * np.cos(start[..., 0]) * half[..., 1]
    found: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return found


def by_town(found: Sequence[Tier], places: Sequence[Place]) -> dict[str, dict[int, int]]:
    """For each town how many lifts it has (0), and how many each tier misses."""
    towns: dict[str, dict[int, int]] = defaultdict(lambda: dict.fromkeys((0, *(tier.tier for tier in found)), 0))
    for place in places:
        towns[place.town][0] += place.lifts
    for tier in found:
        for gap in tier.gaps:
            towns[gap.town][tier.tier] += gap.lifts
    return dict(sorted(towns.items(), key=lambda item: (-sum(list(item[1].values())[1:]), item[0])))


def words(tier: Tier, lifts: Sequence[str], named: int = 5) -> Iterator[str]:
    """In words: how many lifts a tier misses, and the first of them by their codes."""
    kinds = " or ".join("maintenance unit" if kind == "maintenance" else kind.replace("_", " ") for kind in tier.kinds)
    limits = f"{tier.limit_s / 60:.0f} min"
    if tier.remote_limit_s != tier.limit_s:
        limits += f" (remote places {tier.remote_limit_s / 60:.0f} min)"
    if not tier.missed:
        yield f"tier {tier.tier}: a {kinds} within {limits} of each of {tier.lifts} lifts"
        return
    rest = f" and {len(lifts) - named} more" if len(lifts) > named else ""
    yield f"tier {tier.tier}: no {kinds} within {limits} of {tier.missed} lifts: {', '.join(lifts[:named])}{rest}"
