"""Findings in kitchens and of lifts for programs."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from api.tokens import Caller
from api.v1.asked import LIMIT, After, Limit, Short, Since, Town, Until, begin, one_of, towns_of
from api.v1.door import MachineRoute, answer, calling, row, rows
from api.v1.models import Entry, FindingDetail, FindingPage
from api.v1.paging import following
from api.v1.schema import answers
from api.v1.sql import QUERIES
from contracts.happenings import Finding
from contracts.kinds import FindingState

router = APIRouter(prefix="/api/v1", route_class=MachineRoute, tags=["findings"])
Reader = Annotated[Caller, Depends(calling("findings:read"))]
STATES = tuple(state.value for state in FindingState)


@router.get("/findings", response_class=Response, responses=answers(FindingPage))
async def findings(
    request: Request,
    caller: Reader,
    since: Since = None,
    until: Until = None,
    state: Short = "",
    town: Town = "",
    kitchen: Short = "",
    lift: Short = "",
    only_open: Annotated[bool, Query(alias="open", description="only those that are not closed")] = False,
    after: After = "",
    limit: Limit = LIMIT,
) -> Response:
    """Findings, oldest first. For what changes, ask `/api/v1/events`."""
    place = begin(after)
    values = {
        "at": place.at,
        "id": place.id,
        "since": since,
        "until": until,
        "state": one_of("state", state, STATES),
        "towns": towns_of(caller, town),
        "kitchen": kitchen,
        "lift": lift,
        "limit": limit + 1,
    }
    async with request.app.state.pool.connection() as connection:
        found = await rows(connection, QUERIES["findings_open" if only_open else "findings"], values)
    page = msgspec.convert(found[:limit], type=list[Finding], strict=False)
    return answer(request, FindingPage(findings=page, next=following(list(found), limit)))


@router.get("/findings/{number}", response_class=Response, responses=answers(FindingDetail, 404))
async def finding(request: Request, caller: Reader, number: str) -> Response:
    """A finding with its history. Pictures are looked at on the pages, with a reason."""
    async with request.app.state.pool.connection() as connection:
        found = await row(connection, QUERIES["finding"], {"number": number, "towns": caller.towns()})
        entries = await rows(connection, QUERIES["finding_entries"], {"id": found["id"]})
    whole = {**found, "entries": msgspec.convert(entries, type=list[Entry])}
    return answer(request, msgspec.convert(whole, type=FindingDetail, strict=False))
