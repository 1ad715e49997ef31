"""Rescues for programs."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from api.tokens import Caller
from api.v1.asked import LIMIT, After, Limit, Short, Since, Town, Until, begin, one_of, towns_of
from api.v1.door import MachineRoute, answer, calling, row, rows
from api.v1.models import Crew, Entry, IncidentDetail, IncidentPage
from api.v1.paging import following
from api.v1.schema import answers
from api.v1.sql import QUERIES
from contracts.happenings import Incident
from contracts.kinds import IncidentState

router = APIRouter(prefix="/api/v1", route_class=MachineRoute, tags=["incidents"])
Reader = Annotated[Caller, Depends(calling("incidents:read"))]
STATES = tuple(state.value for state in IncidentState)


@router.get("/incidents", response_class=Response, responses=answers(IncidentPage))
async def incidents(
    request: Request,
    caller: Reader,
    since: Since = None,
    until: Until = None,
    state: Short = "",
    town: Town = "",
    lift: Short = "",
    only_open: Annotated[bool, Query(alias="open", description="only those that are not closed")] = False,
    drills: Annotated[bool, Query(description="exercises, too")] = False,
    after: After = "",
    limit: Limit = LIMIT,
) -> Response:
    """Rescues, oldest first. For what changes, ask `/api/v1/events`."""
    place = begin(after)
    values = {
        "at": place.at,
        "id": place.id,
        "since": since,
        "until": until,
        "state": one_of("state", state, STATES),
        "towns": towns_of(caller, town),
        "lift": lift,
        "drills": drills,
        "limit": limit + 1,
    }
    async with request.app.state.pool.connection() as connection:
        found = await rows(connection, QUERIES["incidents_open" if only_open else "incidents"], values)
    page = msgspec.convert(found[:limit], type=list[Incident], strict=False)
    return answer(request, IncidentPage(incidents=page, next=following(list(found), limit)))


@router.get("/incidents/{number}", response_class=Response, responses=answers(IncidentDetail, 404))
async def incident(request: Request, caller: Reader, number: str) -> Response:
    """A rescue with its timeline and crews. Links of crews are never given."""
    async with request.app.state.pool.connection() as connection:
        found = await row(connection, QUERIES["incident"], {"number": number, "towns": caller.towns()})
        entries = await rows(connection, QUERIES["incident_entries"], {"id": found["id"]})
        crews = await rows(connection, QUERIES["crews"], {"id": found["id"]})
    whole = {
        **found,
        "entries": msgspec.convert(entries, type=list[Entry]),
        "crews": msgspec.convert(crews, type=list[Crew], strict=False),
    }
    return answer(request, msgspec.convert(whole, type=IncidentDetail, strict=False))
