"""A regulator's page of one kitchen and of one lift, with its story."""

from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from api.access import Viewer
from api.charts import bars
from api.i18n import text
from api.oversight import risk
from api.oversight.cells import word
from api.oversight.list_pages import rows_of
from api.oversight.listing import Listing, ask
from api.oversight.lists import INCIDENTS, KITCHENS, LIFTS, TERMS
from api.oversight.scope import Regulator
from api.page import language_of, render
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "places.sql")
SHOWN = 30
CODE = 80
"""characters of a code at most"""


@router.get("/oversight/kitchen/{code}")
async def kitchen(request: Request, code: str, viewer: Regulator) -> HTMLResponse:
    """Its cameras, what was found and what became of it."""
    row = await _one(request, viewer, KITCHENS, code)
    values = {"id": row["id"], "kitchen": row["id"], "lift": None, "limit": SHOWN}
    found = await _read(request, ("kitchen_cameras", "findings_of", "weeks_of", "silences_of"), values)
    return _page(request, "oversight/kitchen.html", row, KITCHENS, found)


@router.get("/oversight/lift/{code}")
async def lift(request: Request, code: str, viewer: Regulator) -> HTMLResponse:
    """Who was trapped in it, its faults, and when it was not heard."""
    row = await _one(request, viewer, LIFTS, code)
    values = {"kitchen": None, "lift": row["id"], "limit": SHOWN}
    found = await _read(request, ("findings_of", "weeks_of", "silences_of"), values)
    found["incidents"] = await rows_of(request, viewer, ask(INCIDENTS, {"code": code}), SHOWN)
    return _page(request, "oversight/lift.html", row, LIFTS, found)


async def _one(request: Request, viewer: Viewer, of: Listing, code: str) -> dict[str, Any]:
    """The row of a list with this code, of the viewer's towns. Raises HTTPException."""
    rows = await rows_of(request, viewer, ask(of, {"code": code}), 1) if code and len(code) <= CODE else []
    if not rows:
        raise HTTPException(404)
    return rows[0]


async def _read(request: Request, names: tuple[str, ...], values: dict[str, object]) -> dict[str, list[dict[str, Any]]]:
    async with request.app.state.pool.connection() as connection:
        return {name: await (await connection.execute(QUERIES[name], values)).fetchall() for name in names}


def _page(request: Request, template: str, row: dict[str, Any], of: Listing, found: dict[str, Any]) -> HTMLResponse:
    words = partial(text, language_of(request))
    weeks = [(f"{week['week']:%m-%d}", float(week["n"])) for week in found.pop("weeks_of")]
    return render(
        request,
        template,
        row=row,
        why=risk.reasons(row, TERMS[of.name]),
        word=partial(word, words),
        weeks=weeks,
        chart=bars(weeks, words("place.weeks")) if any(n for _, n in weeks) else "",
        **found,
    )
