"""Which lifts nobody reaches in time, by town; whom the desk cannot reach; when nobody is on duty."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.oversight.scope import Regulator, towns_of
from api.page import render
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "coverage.sql")
SHOWN = 20
OLD = timedelta(hours=1)
"""coverage is reckoned every ten minutes"""
LISTS = ("gaps", "hard_to_reach", "holes")


@router.get("/oversight/coverage")
async def coverage(
    request: Request, viewer: Regulator, tier: Annotated[int, Query(ge=1, le=3)] = 2, town: str = ""
) -> HTMLResponse:
    """Every town with the lifts that each tier misses, and the worst places of one tier."""
    now = datetime.now(UTC)
    values = {"towns": towns_of(viewer), "tier": tier, "town": town, "limit": SHOWN, "now": now}
    async with request.app.state.pool.connection() as connection:
        looks = await (await connection.execute(QUERIES["looks"])).fetchall()
        by_town = await (await connection.execute(QUERIES["towns"], values)).fetchall()
        lists: dict[str, Any] = {
            name: await (await connection.execute(QUERIES[name], values)).fetchall() for name in LISTS
        }
    missed = {number: sum(row[f"tier_{number}"] for row in by_town) for number in (1, 2, 3)}
    return render(
        request,
        "oversight/coverage.html",
        looks=looks,
        old=not looks or now - looks[0]["at"] > OLD,
        by_town=by_town,
        missed=missed,
        lifts=sum(row["lifts"] for row in by_town),
        without_unit=sum(row["without_unit"] for row in by_town),
        tier=tier,
        town=town,
        **lists,
    )
