"""Whom to ask to come: one reading of the register, of what is under way and of the known ways. No network."""

from collections.abc import Collection
from datetime import datetime
from math import inf
from typing import Any

from alerting.help import duty
from alerting.help.ranking import Shortlist, Standing, Station, rank
from alerting.help.travel import DEFAULT, Leg, Road, Travel, leg
from contracts.geometry import Point
from contracts.kinds import OrganisationKind
from runtime.db import Connection

AT_ONCE = 16
"""stations whose rosters are read together, the nearest first"""


def candidates(
    connection: Connection,
    kinds: Collection[OrganisationKind | str],
    where: Point,
    asked: Collection[int],
    now: datetime,
    count: int,
    travel: Travel = DEFAULT,
) -> Shortlist:
    """Who of these kinds is asked to come to a place (latitude, longitude): `count` of them, 0 for all.

    `asked` are the organisations that were asked for this rescue already. The shortlist's `chosen` come in the order
    in which they should be asked; `passed` are those who were passed over or cannot be asked, each with its reason.
    Times by road are those that `routing` has kept for exactly this place; where there are none they are estimated.
    """
    values = {"kinds": [str(kind) for kind in kinds], "lat": where[0], "lon": where[1], "now": now}
    rows = connection.execute(duty.QUERIES["stations"], values).fetchall()
    ways = [(row, _leg(row, where, now, travel)) for row in rows]
    ways.sort(key=lambda pair: pair[1].seconds if pair[1] else inf)
    stations: list[Station] = []
    while True:
        # Rosters of all stations of a city take longer to read than those of the nearest few.
        part = ways[len(stations) : max(AT_ONCE, 2 * len(stations)) if count else None]
        reach = duty.reach(connection, [row["id"] for row, _ in part], now)
        stations += [_station(row, way, reach[row["id"]], asked) for row, way in part]
        found = rank(stations, count)
        enough = len(found.chosen) == count and all(one.standing is Standing.FREE for one in found.chosen)
        if enough or len(stations) == len(ways):
            return found


def _leg(row: dict[str, Any], where: Point, now: datetime, travel: Travel) -> Leg | None:
    if row["lat"] is None or row["lon"] is None:
        return None
    road = None if row["road_s"] is None else Road(row["road_s"], row["road_m"])
    return leg(travel, (row["lat"], row["lon"]), where, now, road)


def _station(row: dict[str, Any], way: Leg | None, reach: duty.Reach, asked: Collection[int]) -> Station:
    return Station(
        organisation_id=row["id"],
        leg=way,
        crews=row["crews"],
        under_way=row["under_way"],
        offered=row["offered"],
        off_duty=reach.off_duty,
        methods=len(reach.contacts),
        phone=row["phone"],
        asked=row["id"] in asked,
    )
