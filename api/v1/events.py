"""What happened, for programs that would rather ask than be told, or that catch up."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from api.tokens import Caller, Scope
from api.v1.asked import LIMIT, Limit, Town, towns_of
from api.v1.door import MachineRoute, calling, raw, row, rows, wrong
from api.v1.models import EventPage
from api.v1.schema import answers
from api.v1.sql import QUERIES
from contracts.happenings import KINDS

router = APIRouter(prefix="/api/v1", route_class=MachineRoute, tags=["events"])
Reader = Annotated[Caller, Depends(calling())]
ABOUT = {
    "incident": (Scope.INCIDENTS,),
    "finding": (Scope.FINDINGS,),
    "device": (Scope.LIFTS, Scope.KITCHENS),
}
"""with which scopes one is told of what; any of them will do"""


@router.get("/events", response_class=Response, responses=answers(EventPage))
async def events(
    request: Request,
    caller: Reader,
    after: Annotated[int, Query(ge=0, le=2**62, description="`cursor` of the call before; 0: from the beginning")] = 0,
    kinds: Annotated[str, Query(max_length=1000, description="comma-separated; without it all that scopes allow")] = "",
    town: Town = "",
    drills: Annotated[bool, Query(description="exercises, too")] = False,
    limit: Limit = LIMIT,
) -> Response:
    """What happened behind a cursor, in the order in which webhooks are told; the same documents."""
    about = [name for name, scopes in ABOUT.items() if any(scope in caller.scopes for scope in scopes)]
    if not about:
        raise HTTPException(403, "scope: this token lacks incidents:read, findings:read, lifts:read and kitchens:read")
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    for kind in wanted:
        if kind not in KINDS:
            raise wrong("kinds", kind, f"some of {', '.join(KINDS)}")
    values = {
        "after": after,
        "about": about,
        "kinds": wanted or None,
        "towns": towns_of(caller, town),
        "drills": drills,
        "limit": limit + 1,
    }
    async with request.app.state.pool.connection() as connection, connection.transaction():
        # First how far it reaches: what comes between the two is behind the cursor then.
        reach = (await row(connection, QUERIES["events_reach"], {}))["seq"]
        found = await rows(connection, QUERIES["events"], values)
    more = len(found) > limit
    page = found[:limit]
    cursor = page[-1]["seq"] if more else max([after, reach, *(one["seq"] for one in page)])
    documents = ",".join(one["document"] for one in page)
    return raw(request, f'{{"events":[{documents}],"cursor":{cursor},"more":{str(more).lower()}}}'.encode())
