"""From a lift's code or a place's name to the lift: its incident, its own page, and a rescue opened by telephone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Viewer
from api.board.desk import Operator, asked_towns, fields, limits, rows_of, theirs, told, towns_of
from api.board.orders import phone_args
from api.board.strips import HEIGHT, WIDTH, strips
from api.commands import lead_back, submit
from api.page import render
from api.rescue_words import HAZARDS
from contracts.kinds import CommandKind

router = APIRouter()
HITS, LAST = 20, timedelta(minutes=10)


@router.get("/board/find")
async def find(request: Request, viewer: Operator, code: str = "") -> Response:
    """From a code to the lift's incident or the lift; from a part of a code or of a place's name to a choice."""
    asked = code.strip()[:60]
    lift = await _lift(request, viewer, asked)
    if lift is not None:
        rows = await rows_of(request, "lift_open", {"lift": lift["id"]})
        inside = next((row for row in rows if row["released_at"] is None), None)
        path = f"/board/incident/{inside['number']}" if inside else f"/board/lift/{lift['code']}"
        return RedirectResponse(path + _kept(request), 303)
    hits = await rows_of(request, "lifts_like", {**_like(asked), "towns": asked_towns(viewer), "limit": HITS + 1})
    if len(hits) == 1:
        return RedirectResponse(f"/board/lift/{hits[0]['code']}{_kept(request)}", 303)
    return render(request, "board/find.html", 200 if hits else 404, code=asked, hits=hits[:HITS], more=len(hits) > HITS)


@router.get("/board/lift/{code}")
async def lift_page(request: Request, code: str, viewer: Operator, said: str = "") -> HTMLResponse:
    """Everything an operator needs of one lift, and the form that opens a rescue by telephone."""
    row = theirs(viewer, await _lift(request, viewer, code))
    stop = datetime.now(UTC)
    ids = {"lift": row["id"], "start": stop - LAST, "stop": stop, "ahead": 0.0, **limits(request)}
    names = ("lift_open", "lift_past", "lift_findings", "lift_quiets", "lift_devices", "samples")
    found = {name: await rows_of(request, name, ids) for name in names}
    shown = strips(found.pop("samples"), stop - LAST, stop)
    return render(
        request,
        "board/lift.html",
        row=row,
        lift=found,
        **told(request),
        strips=shown,
        alarm_x=None,
        width=WIDTH,
        height=HEIGHT,
        hazards=HAZARDS,
        said=said,
    )


@router.post("/board/phone")
async def phone(request: Request, viewer: Operator) -> Response:
    """Somebody called with a lift's code: an incident opens without a sensor."""
    form = await fields(request)
    code, words = "".join(form.get("code", ())).strip(), "".join(form.get("reason", ())).strip()
    lift = await _lift(request, viewer, code)
    if lift is None:
        return render(request, "board/find.html", 404, code=code[:60], hits=[], more=False)
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


async def _lift(request: Request, viewer: Viewer, code: str) -> dict[str, Any] | None:
    rows = await rows_of(request, "lift_by_code", {"code": code})
    towns = towns_of(viewer)
    return next((row for row in rows if towns is None or row["town_code"] in towns), None)


def _like(asked: str) -> dict[str, str | None]:
    """The patterns of a search; a code is taken from its beginning, a name anywhere. Two characters at least."""
    plain = asked.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return {
        "prefix": f"{plain}%" if asked.isdecimal() and len(asked) >= 2 else None,
        "part": f"%{plain}%" if not asked.isdecimal() and len(asked) >= 2 else None,
    }


def _kept(request: Request) -> str:
    return f"?lang={request.query_params['lang']}" if request.query_params.get("lang") in ("zh", "en") else ""
