"""Who else could come: crews' organisations by the way to a lift. A list for a person to choose from, no decision."""

from collections.abc import Collection
from typing import Any

from api.sql import QUERIES
from contracts.geometry import Point, distance_m


async def organisations(connection: Any, lift: Point, asked: Collection[int], limit: int) -> list[dict[str, Any]]:
    """The nearest that were not asked yet, with `distance_m` (None: it has no position, and comes last)."""
    rows = await (await connection.execute(QUERIES["rescuers"])).fetchall()
    found = [
        {**row, "distance_m": None if row["lat"] is None else distance_m((row["lat"], row["lon"]), lift)}
        for row in rows
        if row["id"] not in asked
    ]
    return sorted(found, key=lambda row: (row["distance_m"] is None, row["distance_m"] or 0.0))[:limit]
