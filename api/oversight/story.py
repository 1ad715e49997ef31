"""A rescue as a regulator reads it: what happened, who came, which clocks were kept, and the crews' photos."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.board.story import folded, in_english
from api.media.mint import asked, shown
from api.oversight.promises import clocks
from api.oversight.scope import towns_of
from api.page import language_of, render
from api.sql import QUERIES as SHARED
from contracts.kinds import Role
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "story.sql")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]


@router.get("/oversight/incident/{number}")
async def story(request: Request, number: str, viewer: Regulator, look: str = "") -> HTMLResponse:
    """The page shows photos only once a reason was given (POST /media/look); every look is logged."""
    async with request.app.state.pool.connection() as connection:
        values = {"number": number, "towns": towns_of(viewer)}
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["incident"], values)).fetchone()
        if row is None:
            raise HTTPException(404)
        ids = {"incident": row["id"]}
        fact = await (await connection.execute(QUERIES["fact"], ids)).fetchone()
        timeline = await (await connection.execute(QUERIES["timeline"], ids)).fetchall()
        crews = await (await connection.execute(QUERIES["crews"], ids)).fetchall()
        photos = await (await connection.execute(SHARED["evidence_of_incident"], ids)).fetchall()
        looks = await (await connection.execute(QUERIES["looks"], ids)).fetchone()
    assert fact is not None
    given = await asked(request, viewer, f"rescue {number}", look)
    role = Role.REGULATOR if viewer.has(Role.REGULATOR) else Role.ADMIN
    return render(
        request,
        "oversight/story.html",
        row=row,
        fact=fact,
        story=folded(in_english(timeline, crews) if language_of(request) == "en" else timeline),
        crews=crews,
        photos=photos,
        pictures=shown(request, viewer, role, ("rescue", number), photos, given) if given else [],
        given=given,
        late=bool(look) and given is None,
        looks=looks["n"] if looks else 0,
        clocks=clocks(row, fact, row["policy"], datetime.now(UTC)),
    )
