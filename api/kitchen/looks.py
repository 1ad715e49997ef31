"""Who looked at a kitchen's cameras and pictures.

Own people stand there by name. Officials stand there by role and reason: their names are in the audit log, where the
bureau answers for them; an owner learns that and why somebody looked, and has nobody to put under pressure.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from api.kitchen.own import AKitchen, OwnKitchens, rows_of
from api.kitchen.sensors import QUERIES
from api.page import render

router = APIRouter()
ON_A_PAGE = 50
WHO = ("", "officials")
BACK = timedelta(days=400)


@router.get("/kitchen/{code}/looks")
async def the_looks(
    request: Request,
    kitchen: AKitchen,
    own: OwnKitchens,
    who: str = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    if who not in WHO:
        raise HTTPException(422, f"who: {who[:40]!r}, expected officials or nothing")
    now = datetime.now(UTC)
    values: dict[str, Any] = {"kitchen": kitchen["id"], "start": now - BACK, "end": now + timedelta(minutes=1)}
    paged = {"limit": ON_A_PAGE + 1, "skip": (page - 1) * ON_A_PAGE, "officials": who != ""}
    rows = await rows_of(request, "looks", {**values, **paged}, QUERIES)
    return render(
        request,
        "kitchen/looks.html",
        kitchen=kitchen,
        own=own,
        rows=rows[:ON_A_PAGE],
        more=len(rows) > ON_A_PAGE,
        page=page,
        who=who,
    )
