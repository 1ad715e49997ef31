"""PURE: who is nearest."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from contracts.geometry import Point, distance_m


class Station(NamedTuple):
    """An organisation that can come, and where it starts from (latitude, longitude)."""

    organisation_id: int
    where: Point | None


def nearest(stations: Sequence[Station], lift: Point, asked: Collection[int]) -> tuple[Station, float | None] | None:
    """The nearest station that was not asked yet with its distance in metres; one without a position comes last."""
    free = [station for station in stations if station.organisation_id not in asked]
    measured = [(station, distance_m(station.where, lift) if station.where else None) for station in free]
    return min(measured, key=lambda pair: (pair[1] is None, pair[1] or 0.0), default=None)
