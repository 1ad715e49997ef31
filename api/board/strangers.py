"""Alarms of devices that nobody knows: somebody looks into each, and says what came of it."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from psycopg.types.json import Jsonb

from api.board.desk import QUERIES, Operator, fields
from api.commands import Result, lead_back
from api.page import render
from api.sql import QUERIES as SHARED

router = APIRouter()


@router.get("/board/stranger")
async def stranger(request: Request, _: Operator, site: str = "", code: str = "") -> HTMLResponse:
    """Before a stranger's alarm leaves the board somebody says why."""
    return render(request, "board/stranger.html", stranger=await _stranger(request, site, code))


@router.post("/board/stranger")
async def dismiss(request: Request, viewer: Operator) -> Response:
    """Takes one alarm of a stranger off the board; its next one shows again."""
    form = {name: "".join(values).strip() for name, values in (await fields(request)).items()}
    row = await _stranger(request, form.get("site", ""), form.get("code", ""))
    try:
        seen = datetime.fromisoformat(form.get("last_event", ""))
    except ValueError as fault:
        raise HTTPException(422, f"last_event: {form.get('last_event', '')[:40]!r}, expected a time") from fault
    if not form.get("reason"):
        return lead_back(request, "/board", Result(False, "reason: '', expected what came of it"))
    audit = {
        "person": viewer.person_id,
        "actor": viewer.login,
        "action": "stranger_dismissed",
        "object": f"{row['site']}/{row['code']}",
        "reason": form["reason"][:1000],
        # No later alarm than the one that was looked at.
        "details": Jsonb({"last_event": min(seen, row["last_event"]).isoformat()}),
    }
    async with request.app.state.pool.connection() as connection:
        await connection.execute(SHARED["audit"], audit)
    return lead_back(request, "/board", Result(True, "done"))


async def _stranger(request: Request, site: str, code: str) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(QUERIES["stranger"], {"site": site, "code": code})
        row: dict[str, Any] | None = await cursor.fetchone()
    if row is None:
        raise HTTPException(404)
    return row
