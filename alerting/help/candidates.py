"""Whom to ask to come: one reading of the register, of what is under way and of the known ways. No network."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from alerting.help import duty
from alerting.help.ranking import Shortlist, Station, rank
from alerting.help.travel import DEFAULT, Road, Travel, leg
from contracts.geometry import Point
from contracts.kinds import OrganisationKind
from runtime.db import Connection


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
    reach = duty.reach(connection, [row["id"] for row in rows], now)
    return rank((_station(row, reach[row["id"]], where, asked, now, travel) for row in rows), count)


def _station(
    row: dict[str, Any], reach: duty.Reach, where: Point, asked: Collection[int], now: datetime, travel: Travel
) -> Station:
    way = None
    if row["lat"] is not None and row["lon"] is not None:
        road = None if row["road_s"] is None else Road(row["road_s"], row["road_m"])
        way = leg(travel, (row["lat"], row["lon"]), where, now, road)
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
