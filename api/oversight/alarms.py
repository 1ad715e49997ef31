"""What the independent auditor has found wrong with the watching itself, and which other systems do not answer."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.oversight.audit_sql import QUERIES
from api.oversight.scope import towns_of
from api.page import render
from contracts.kinds import Role

router = APIRouter()
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]
Admin = Annotated[Viewer, Depends(viewer_of(Role.ADMIN))]
ON_A_PAGE = 100
BACK = timedelta(days=30)
SILENT_AUDITOR = timedelta(minutes=2)


@router.get("/oversight/alarms")
async def alarms(
    request: Request, viewer: Regulator, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> HTMLResponse:
    """For whoever answers for the whole city: alarms are of the watching, not of a town."""
    if towns_of(viewer) is not None:
        raise HTTPException(404)
    now = datetime.now(UTC)
    values = {"since": now - BACK, "before": before, "limit": ON_A_PAGE + 1, "now": now}
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["alarms"], values)).fetchall()
        auditors = await (await connection.execute(QUERIES["auditors"])).fetchall()
        hooks = await (await connection.execute(QUERIES["webhooks"], values)).fetchall()
    more = len(rows) > ON_A_PAGE
    page = rows[:ON_A_PAGE]
    return render(
        request,
        "oversight/alarms.html",
        open=[row for row in page if row["ended_at"] is None],
        ended=[row for row in page if row["ended_at"] is not None],
        older=page[-1]["id"] if more else None,
        auditor=auditors[0] if auditors else None,
        blind=not auditors or now - auditors[0]["at"] > SILENT_AUDITOR,
        hooks=[hook for hook in hooks if hook["failing_since"] is not None and hook["active"]],
    )


@router.get("/oversight/webhooks")
async def webhooks(request: Request, _: Admin) -> HTMLResponse:
    """Which other systems are told what, and how they answer; changed by `sunlit webhook`."""
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["webhooks"], {"now": datetime.now(UTC)})).fetchall()
    return render(request, "oversight/webhooks.html", rows=rows)
