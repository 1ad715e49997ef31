"""The audit log for programs."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from api.oversight.audit_sql import QUERIES
from api.tokens import Caller
from api.v1.asked import LIMIT, Limit, Short, Since, Until
from api.v1.door import MachineRoute, answer, calling, rows
from api.v1.models import AuditEntry, AuditPage
from api.v1.schema import answers

router = APIRouter(prefix="/api/v1", route_class=MachineRoute, tags=["audit"])
Reader = Annotated[Caller, Depends(calling("audit:read"))]


@router.get("/audit", response_class=Response, responses=answers(AuditPage))
async def audit(
    request: Request,
    caller: Reader,
    since: Since = None,
    until: Until = None,
    person: Short = "",
    action: Short = "",
    about: Annotated[str, Query(alias="object", max_length=64)] = "",
    words: Short = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before; 0: the first page")] = 0,
    limit: Limit = LIMIT,
) -> Response:
    """Who looked at what and changed what, oldest first. A token for some towns sees what is about those."""
    values = {
        "everything": caller.towns() is None,
        "towns": caller.towns(),
        "since": since,
        "until": until,
        "person": person,
        "action": action,
        "object": about,
        "words": words,
        "after": after,
        "limit": limit + 1,
    }
    async with request.app.state.pool.connection() as connection:
        found = await rows(connection, QUERIES["oldest"], values)
    page = msgspec.convert(found[:limit], type=list[AuditEntry])
    return answer(request, AuditPage(entries=page, next=str(page[-1].id) if len(found) > limit else None))
