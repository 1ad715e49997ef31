"""PURE: which ways are asked of a routing server, and its questions and answers (OSRM's table service)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct

from alerting.help.coverage import OWN, Place, Station, distances
from contracts.geometry import Point, distance_m

NEAREST = 8
"""stations of each kind that are asked for a place: as the crow flies, so the soonest by road is nearly surely one"""
MOST_POINTS = 100
"""in a question: OSRM's own bound unless it is told otherwise"""
FASTEST_MS = 50.0
"""as the crow flies; an answer with a faster way is nonsense: swapped coordinates, another unit"""
SHORT_M = 1000.0
OFF_THE_MAP_M = 5000.0
"""so far from any road it knows a point is not on its map"""
Pair = tuple[Point, Point]
"""from a station to a place"""


class RoutingError(ValueError):
    """An answer that cannot be used; the text names what it says and what was expected."""


class RoutingAway(RoutingError):
    """No answer at all; the text says what went wrong."""


class Ask(Struct, frozen=True):
    """One question: all ways from some stations to some places; only `pairs` of them are kept."""

    starts: tuple[Point, ...]
    ends: tuple[Point, ...]
    pairs: frozenset[Pair]


class Way(Struct, frozen=True):
    """An answer for one way on empty roads; None: the server knows no way."""

    start: Point
    end: Point
    seconds: float | None
    metres: float | None


def wanted(places: Iterable[Place], stations: Sequence[Station], fresh: Collection[Pair]) -> dict[Point, list[Point]]:
    """For each place from where ways to it should be asked: the nearest stations of each kind, and its own unit."""
    by_kind: dict[str, list[Point]] = {}
    for station in stations:
        if station.where is not None and station.kind not in OWN:
            by_kind.setdefault(station.kind, []).append(station.where)
    known = {station.id: station.where for station in stations}
    own: dict[Point, list[Point]] = {}
    for place in places:
        starts = own.setdefault(place.where, [])
        starts += [where for one in (place.unit, place.property) if one and (where := known.get(one)) is not None]
    ends = list(own)
    for starts_of_kind in by_kind.values():
        for end, nearest in zip(ends, _nearest(ends, starts_of_kind), strict=True):
            own[end] += nearest
    found = {
        end: [start for start in dict.fromkeys(starts) if (start, end) not in fresh] for end, starts in own.items()
    }
    return {end: starts for end, starts in found.items() if starts}


def _nearest(ends: Sequence[Point], starts: Sequence[Point]) -> Iterator[list[Point]]:
    for first in range(0, len(ends), 2048):
        table = distances(np.array(ends[first : first + 2048]), np.array(starts))
        for row in table.argsort(axis=1)[:, :NEAREST].tolist():
            yield [starts[column] for column in row]


def asks(ways: Mapping[Point, Sequence[Point]], most: int = MOST_POINTS) -> Iterator[Ask]:
    """The ways in questions of bounded size; neighbours share one, as they share stations."""
    starts, ends, pairs = dict[Point, None](), list[Point](), set[Pair]()
    for end in sorted(ways, key=lambda point: (round(point[0], 2), point[1])):
        for part in _parts(ways[end], most - 1):
            if len({*starts, *part}) + len(ends) + 1 > most and ends:
                yield Ask(tuple(starts), tuple(ends), frozenset(pairs))
                starts, ends, pairs = {}, [], set()
            starts |= dict.fromkeys(part)
            ends.append(end)
            pairs |= {(start, end) for start in part}
    if ends:
        yield Ask(tuple(starts), tuple(ends), frozenset(pairs))


def _parts(starts: Sequence[Point], most: int) -> Iterator[Sequence[Point]]:
    for first in range(0, len(starts), most):
        yield starts[first : first + most]


def question(ask: Ask) -> str:
    """The path of a question; OSRM wants the longitude first."""
    points = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in (*ask.starts, *ask.ends))
    sources = ";".join(map(str, range(len(ask.starts))))
    destinations = ";".join(str(len(ask.starts) + index) for index in range(len(ask.ends)))
    return f"/table/v1/driving/{points}?sources={sources}&destinations={destinations}&annotations=duration,distance"


Length = Annotated[float, Meta(ge=0, le=1e9)]


class _Waypoint(Struct):
    distance: Length = 0.0
    """metres to the road that was taken for the point"""


class _Answer(Struct):
    code: str
    message: str = ""
    durations: list[list[Length | None]] | None = None
    distances: list[list[Length | None]] | None = None
    sources: list[_Waypoint] = []
    destinations: list[_Waypoint] = []


def answer(body: bytes, ask: Ask) -> list[Way]:
    """The ways that were asked for. Raises RoutingError for anything but a full and possible answer.

    A way that cannot be is held for unknown; when most of them cannot be, none is believed.
    """
    try:
        said = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RoutingError(f"{error}, expected an answer of OSRM's table service") from error
    if said.code != "Ok":
        raise RoutingError(f"code: {said.code[:40]!r} {said.message[:120]!r}, expected 'Ok'")
    seconds = _shaped("durations", said.durations, ask)
    metres = _shaped("distances", said.distances, ask) if said.distances is not None else None
    found, faults = list[Way](), list[str]()
    for row, start in enumerate(ask.starts):
        for column, end in enumerate(ask.ends):
            if (start, end) not in ask.pairs:
                continue
            took = seconds[row][column]
            fault = (
                _off_the_map(said.sources, row) or _off_the_map(said.destinations, column) or _fault(start, end, took)
            )
            if fault:
                faults.append(fault)
            if fault or took is None:
                found.append(Way(start, end, None, None))
            else:
                found.append(Way(start, end, took, metres[row][column] if metres else None))
    if len(faults) > len(found) / 2:
        raise RoutingError(faults[0])
    return found


def _shaped(name: str, table: list[list[float | None]] | None, ask: Ask) -> list[list[float | None]]:
    if table is None or len(table) != len(ask.starts) or any(len(row) != len(ask.ends) for row in table):
        got = "nothing" if table is None else f"{len(table)} x {len(table[0]) if table else 0}"
        raise RoutingError(f"{name}: {got}, expected {len(ask.starts)} x {len(ask.ends)}")
    return table


def _off_the_map(points: Sequence[_Waypoint], index: int) -> str:
    far = points[index].distance if index < len(points) else 0.0
    return f"a point is {far / 1000:.0f} km from any road, expected a map of this city" if far > OFF_THE_MAP_M else ""


def _fault(start: Point, end: Point, seconds: float | None) -> str:
    straight = distance_m(start, end)
    if seconds is None or straight <= SHORT_M or straight <= FASTEST_MS * seconds:
        return ""
    return (
        f"durations: {seconds:g} s for {straight / 1000:.1f} km as the crow flies, expected no more than"
        f" {FASTEST_MS * 3.6:.0f} km/h"
    )
