"""The board, finding a lift, opening a rescue by telephone, and what has ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from psycopg.types.json import Jsonb

from api.board.desk import QUERIES, Operator, fields, limits
from api.board.orders import phone_args
from api.board.view import grouped
from api.commands import Result, lead_back, submit
from api.page import render
from api.rescue_words import HAZARDS
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind

router = APIRouter()
SILENCES_SHOWN, CARDS_SHOWN = 6, 120


@router.get("/board")
async def board(request: Request, _: Operator, said: str = "") -> HTMLResponse:
    return render(request, "board/board.html", said=said, **await _open(request))


@router.get("/board/open")
async def open_part(request: Request, _: Operator) -> HTMLResponse:
    """The part of the board that lives: fetched again whenever rows have changed."""
    return render(request, "board/open.html", **await _open(request))


@router.get("/board/stream")
async def stream(request: Request, _: Operator) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(request.app.state.hub.listen(), media_type="text/event-stream", headers=headers)


@router.get("/board/find")
async def find(request: Request, _: Operator, code: str = "") -> Response:
    """From a lift's code to its incident, or to the form that opens one by phone."""
    async with request.app.state.pool.connection() as connection:
        lift = await (await connection.execute(QUERIES["lift_by_code"], {"code": code.strip()})).fetchone()
        rows = await (await connection.execute(QUERIES["open_incidents"], limits(request))).fetchall()
    current = [row for row in rows if row["lift_code"] == code.strip()]
    inside = next((row for row in current if row["released_at"] is None), None)
    if inside:
        return RedirectResponse(f"/board/incident/{inside['number']}", 303)
    return render(request, "board/find.html", code=code, lift=lift, current=current, hazards=HAZARDS, fault="")


@router.post("/board/phone")
async def phone(request: Request, viewer: Operator) -> Response:
    """Somebody called with a lift's code: an incident opens without a sensor."""
    form = await fields(request)
    code, words = "".join(form.get("code", ())).strip(), "".join(form.get("reason", ())).strip()
    async with request.app.state.pool.connection() as connection:
        lift = await (await connection.execute(QUERIES["lift_by_code"], {"code": code})).fetchone()
    if lift is None:
        shown: dict[str, Any] = {"code": code, "lift": None, "current": [], "hazards": HAZARDS}
        return render(request, "board/find.html", 404, **shown, fault="board.no_lift")
    result = await submit(
        request,
        CommandKind.OPEN_BY_PHONE,
        actor=viewer.name,
        viewer=viewer,
        identity="".join(form.get("command", ())),
        lift=lift["id"],
        reason=words,
        args=phone_args(form),
    )
    return lead_back(request, "/board", result)


@router.get("/board/history")
async def history(request: Request, _: Operator, lift: str = "") -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["closed"], {"lift": lift.strip()})).fetchall()
    return render(request, "board/history.html", rows=rows, lift=lift)


@router.get("/board/mass/{number}")
async def mass(request: Request, number: str, _: Operator, said: str = "") -> HTMLResponse:
    """Several lifts at once: who of them comes first, and figures of their own."""
    return render(request, "board/mass.html", **await _mass(request, number), said=said)


@router.get("/board/mass/{number}/open")
async def mass_part(request: Request, number: str, _: Operator) -> HTMLResponse:
    """The part of it that lives."""
    return render(request, "board/mass_open.html", **await _mass(request, number))


@router.get("/board/ready")
async def ready(request: Request, _: Operator) -> HTMLResponse:
    """What would go wrong at the next alarm, and can be put right before it."""
    async with request.app.state.pool.connection() as connection:
        holes = await (await connection.execute(QUERIES["roster_holes"])).fetchall()
        gaps = await (await connection.execute(QUERIES["coverage_gaps"])).fetchall()
        unreachable = await (await connection.execute(QUERIES["unreachable"])).fetchall()
    return render(request, "board/ready.html", holes=holes, gaps=gaps, unreachable=unreachable)


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


async def _mass(request: Request, number: str) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        found = {"ids": [], "number": number}
        row = await (await connection.execute(QUERIES["masses"], found)).fetchone()
        if row is None:
            raise HTTPException(404)
        ids = {"mass": row["id"]}
        rows = await (await connection.execute(QUERIES["open_incidents"], {**limits(request), **ids})).fetchall()
        figures = await (await connection.execute(QUERIES["mass_figures"], ids)).fetchone()
        closed = await (await connection.execute(QUERIES["mass_closed"], ids)).fetchall()
    return {"mass": row, "groups": grouped(rows, [], datetime.now(UTC)), "figures": figures, "closed": closed}


async def _open(request: Request) -> dict[str, Any]:
    now = datetime.now(UTC)
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["open_incidents"], limits(request))).fetchall()
        ids = {"ids": list({row["mass_id"] for row in rows if row["mass_id"]}), "number": None}
        masses = await (await connection.execute(QUERIES["masses"], ids)).fetchall()
        today = await (await connection.execute(QUERIES["today"], {"since": now - timedelta(hours=24)})).fetchone()
        blind = await (await connection.execute(QUERIES["blind"], limits(request))).fetchone()
        shown = {"limit": SILENCES_SHOWN}
        silences = await (await connection.execute(QUERIES["silences"], shown)).fetchall()
        silent = await (await connection.execute(QUERIES["silent_count"])).fetchone()
        strangers = await (await connection.execute(QUERIES["strangers_alarm"])).fetchall()
        services = await (await connection.execute(QUERIES["services"])).fetchall()
        ready = await (await connection.execute(QUERIES["ready_counts"])).fetchone()
    groups = grouped(rows, masses, now)
    return {
        "rows": rows,
        "groups": groups,
        "cards": CARDS_SHOWN,
        "today": today,
        "blind": blind,
        "services": services,
        "ready": ready,
        "late": [row for row in rows if row["arrived_at"] is None and row["tier"] > 1],
        "silences": silences,
        "more_silent": silent["count"] - len(silences),
        "strangers": strangers,
    }
