"""Published figures of rescues for programs: numerators and denominators, not shares."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from api.i18n import LOCAL
from api.oversight.selection import BadSelection, name_of, select
from api.tokens import Caller
from api.v1.asked import Town, towns_of
from api.v1.door import MachineRoute, answer, calling, rows, wrong
from api.v1.models import RescueFigures, RescueFiguresPage
from api.v1.schema import answers
from api.v1.sql import QUERIES

router = APIRouter(prefix="/api/v1", route_class=MachineRoute, tags=["figures"])
Reader = Annotated[Caller, Depends(calling("figures:read"))]
Month = Annotated[str, Query(max_length=7, description="month such as 2026-11", examples=["2026-11"])]


@router.get("/figures/rescues", response_class=Response, responses=answers(RescueFiguresPage))
async def rescues(
    request: Request,
    caller: Reader,
    start: Annotated[Month, Query(alias="from")] = "",
    end: Annotated[Month, Query(alias="to")] = "",
    town: Town = "",
) -> Response:
    """By month and town; the last twelve months unless `from` and `to` say otherwise, 36 at most."""
    try:
        period = select({"from": start, "to": end}, datetime.now(LOCAL)).period
    except BadSelection as fault:
        field, _, rest = str(fault).partition(": ")
        value, _, expected = rest.partition(", expected ")
        raise wrong(field, value.strip("'"), expected) from fault
    towns = towns_of(caller, town)
    values = {"start": period.start, "end": period.end, "towns": towns, "now": period.now}
    async with request.app.state.pool.connection() as connection:
        found = await rows(connection, QUERIES["rescue_figures"], values)
        lifts = {one["town"]: one["n"] for one in await rows(connection, QUERIES["lifts_by_town"], values)}
    figures = [{**one, "lifts": lifts.get(one["town"], 0)} for one in found]
    page = RescueFiguresPage(
        start=name_of(period.first),
        end=name_of(period.last),
        figures=msgspec.convert(figures, type=list[RescueFigures], strict=False),
    )
    return answer(request, page)
