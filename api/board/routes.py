"""The board, an incident's page, and what an operator can ask for."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from api.access import Viewer, viewer_of
from api.board.strips import HEIGHT, WIDTH, strips, x_of
from api.commands import lead_back, submit
from api.page import render
from contracts.kinds import CommandKind, Role
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.board")
SILENCES_SHOWN = 6
Operator = Annotated[Viewer, Depends(viewer_of(Role.OPERATOR, Role.ADMIN))]
COMMANDS = (
    CommandKind.CONFIRM,
    CommandKind.RAISE,
    CommandKind.NOTE,
    CommandKind.FALSE_ALARM,
    CommandKind.CLOSE,
)
CAUSES = (
    "safety_device",
    "installation",
    "guide_system",
    "electrical",
    "car",
    "control",
    "door_system",
    "traction",
    "misuse",
    "external",
    "other",
)
METHODS = ("levelling", "open_at_level", "forced_opening", "hand_winding", "adjusting", "other")
BEFORE, AFTER = timedelta(minutes=8), timedelta(minutes=2)
FURTHEST = timedelta(days=3650)
"""a clock further off has no samples worth looking for"""


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
        rows = await (await connection.execute(QUERIES["open_incidents"], _limits(request))).fetchall()
    current = next((row["number"] for row in rows if row["lift_code"] == code.strip()), None)
    if current:
        return RedirectResponse(f"/board/incident/{current}", 303)
    return render(request, "board/find.html", code=code, lift=lift, fault="")


@router.post("/board/phone")
async def phone(request: Request, viewer: Operator) -> Response:
    """Somebody called with a lift's code: an incident opens without a sensor."""
    form = await request.form()
    code, words = str(form.get("code", "")).strip(), str(form.get("reason", "")).strip()
    async with request.app.state.pool.connection() as connection:
        lift = await (await connection.execute(QUERIES["lift_by_code"], {"code": code})).fetchone()
    if lift is None:
        return render(request, "board/find.html", 404, code=code, lift=None, fault="board.no_lift")
    result = await submit(
        request,
        CommandKind.OPEN_BY_PHONE,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        lift=lift["id"],
        reason=words,
    )
    return lead_back(request, "/board", result)


@router.get("/board/history")
async def history(request: Request, _: Operator, lift: str = "") -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["closed"], {"lift": lift.strip()})).fetchall()
    return render(request, "board/history.html", rows=rows, lift=lift)


@router.get("/board/incident/{number}")
async def incident(request: Request, number: str, _: Operator, said: str = "") -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["incident"], {"number": number})).fetchone()
        if row is None:
            raise HTTPException(404)
        by_id = {"incident": row["id"]}
        timeline = await (await connection.execute(QUERIES["timeline"], by_id)).fetchall()
        crews = await (await connection.execute(QUERIES["crews"], by_id)).fetchall()
        cameras = await (await connection.execute(QUERIES["cameras"], {"lift": row["lift_id"]})).fetchall()
        letters = await (await connection.execute(QUERIES["letters"], by_id)).fetchall()
        stop = min(datetime.now(UTC), row["alarm_at"] + AFTER)
        span = {"lift": row["lift_id"], "start": row["alarm_at"] - BEFORE, "stop": stop, "ahead": _ahead(row)}
        samples = await (await connection.execute(QUERIES["samples"], span)).fetchall()
        heard = {"lift": row["lift_id"], **_limits(request)}
        ear = await (await connection.execute(QUERIES["heard"], heard)).fetchone()
    return render(
        request,
        "board/incident.html",
        row=row,
        ear=ear,
        apart=abs(span["ahead"]) if abs(span["ahead"]) > request.app.state.settings.ingest.clock_skew_s else 0,
        timeline=timeline,
        crews=crews,
        letters=letters,
        cameras=cameras,
        strips=strips(samples, span["start"], stop),
        alarm_x=x_of(row["alarm_at"], span["start"], stop),
        width=WIDTH,
        height=HEIGHT,
        causes=CAUSES,
        methods=METHODS,
        said=said,
    )


@router.post("/board/incident/{number}/{kind}")
async def order(request: Request, number: str, kind: CommandKind, viewer: Operator) -> Response:
    """One of an operator's commands on an incident."""
    if kind not in COMMANDS:
        raise HTTPException(404)
    form = await request.form()
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["incident"], {"number": number})).fetchone()
    if row is None:
        raise HTTPException(404)
    args = {name: str(form[name]) for name in ("cause", "method", "sub_cause", "override_reason") if form.get(name)}
    result = await submit(
        request,
        kind,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        incident=row["id"],
        reason=str(form.get("reason", "")),
        args=args,
    )
    return lead_back(request, f"/board/incident/{number}", result)


async def _open(request: Request) -> dict[str, Any]:
    now = datetime.now(UTC)
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["open_incidents"], _limits(request))).fetchall()
        today = await (await connection.execute(QUERIES["today"], {"since": now - timedelta(hours=24)})).fetchone()
        blind = await (await connection.execute(QUERIES["blind"], _limits(request))).fetchone()
        shown = {"limit": SILENCES_SHOWN}
        silences = await (await connection.execute(QUERIES["silences"], shown)).fetchall()
        silent = await (await connection.execute(QUERIES["silent_count"])).fetchone()
        strangers = await (await connection.execute(QUERIES["strangers_alarm"])).fetchall()
        services = await (await connection.execute(QUERIES["services"])).fetchall()
    late = [row for row in rows if row["arrived_at"] is None and row["tier"] > 1]
    return {
        "rows": rows,
        "today": today,
        "blind": blind,
        "services": services,
        "late": late,
        "silences": silences,
        "more_silent": silent["count"] - len(silences),
        "strangers": strangers,
    }


def _limits(request: Request) -> dict[str, float]:
    """After how many seconds without a word a device counts as silent."""
    chosen = request.app.state.settings.ingest
    return {"silent_s": chosen.silent_lift_s, "camera_silent_s": chosen.silent_camera_s}


def _ahead(row: dict[str, Any]) -> float:
    """How far (s) the device's clock was ahead of the centre's when it told of the alarm."""
    if row["event_at"] is None or abs(row["event_at"] - row["alarm_at"]) > FURTHEST:
        return 0.0
    return float((row["event_at"] - row["alarm_at"]).total_seconds())
