"""What the centre knows of one device: when it was heard, its spool, its clock, its camera, its models."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.board.desk import Operator, asked_towns, limits, rows_of, told
from api.page import render

router = APIRouter()
MOST = 100


@router.get("/board/blind")
async def blind(request: Request, viewer: Operator) -> HTMLResponse:
    """Every device that is not heard, worst first."""
    asked = {"towns": asked_towns(viewer), "limit": MOST}
    rows = await rows_of(request, "silences", asked)
    (count,) = await rows_of(request, "silent_count", asked)
    return render(request, "board/blind.html", **told(request), rows=rows, more=max(0, count["count"] - len(rows)))


@router.get("/board/device/{code}")
async def device(request: Request, code: str, viewer: Operator) -> HTMLResponse:
    """One device, and those behind it where it is an agent."""
    asked = {"code": code, "towns": asked_towns(viewer), **_silent(request)}
    rows = await rows_of(request, "device", asked)
    if not rows:
        return render(request, "problem.html", 404, kind=404, detail="")
    ids = {"device": rows[0]["id"], "limit": MOST, **_silent(request)}
    return render(
        request,
        "board/device.html",
        **told(request),
        row=rows[0],
        behind=await rows_of(request, "devices_behind", ids),
        silences=await rows_of(request, "device_silences", ids),
        models=await rows_of(request, "device_models", ids),
    )


def _silent(request: Request) -> dict[str, Any]:
    asked = limits(request)
    return {name: asked[name] for name in ("silent_s", "camera_silent_s")}
