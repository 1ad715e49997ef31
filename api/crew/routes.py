"""One page behind a link: the next step is one big button. It works without an account and without a script."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.access import digest, same_origin
from api.commands import lead_back, submit
from api.page import render
from contracts.kinds import CommandKind
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.crew")
NEXT = {"offered": "accept", "accepted": "en_route", "en_route": "arrived", "arrived": "released"}
COMMANDS = (
    CommandKind.ACCEPT,
    CommandKind.DECLINE,
    CommandKind.EN_ROUTE,
    CommandKind.ARRIVED,
    CommandKind.RELEASED,
)
FIELDS = ("eta_minutes", "proof", "code", "lat", "lon", "people")
DECLINES = ("busy", "too_far", "no_vehicle", "other")


@router.get("/c/{token}")
async def page(request: Request, token: str, said: str = "") -> HTMLResponse:
    row = await _dispatch(request, token)
    return render(
        request,
        "crew/crew.html",
        row=row,
        token=token,
        following=NEXT.get(row["state"]),
        declines=DECLINES,
        said=said,
    )


@router.post("/c/{token}/{kind}", dependencies=[Depends(same_origin)])
async def tap(request: Request, token: str, kind: CommandKind) -> Response:
    """A tap; one that was made offline brings its own time in `client_at`."""
    if kind not in COMMANDS:
        raise HTTPException(404)
    row = await _dispatch(request, token)
    form = await request.form()
    result = await submit(
        request,
        kind,
        actor=str(row["crew_zh"]),
        identity=str(form.get("command", "")),
        incident=row["incident_id"],
        dispatch=row["id"],
        reason=str(form.get("reason", "")),
        args={name: str(form[name]) for name in FIELDS if form.get(name)},
        client_at=_time(str(form.get("client_at", ""))),
    )
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": result.ok, "reason": result.reason})
    return lead_back(request, f"/c/{token}", result)


async def _dispatch(request: Request, token: str) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(QUERIES["dispatch_by_link"], {"link": digest(token)})
        row: dict[str, Any] | None = await cursor.fetchone()
    if row is None:
        raise HTTPException(404)
    return row


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
