"""A lift's and a restaurant's page: can I trust this lift, this kitchen?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from api.public.asked import CACHE, for_everybody, rows_of

router = APIRouter()
YEAR = timedelta(days=365)


async def place_of(request: Request, kind: str, code: str) -> dict[str, Any]:
    """A lift or a restaurant in use. Raises 404."""
    rows = await rows_of(request, "lift" if kind == "lift" else "kitchen", code=code)
    if not rows:
        raise HTTPException(404)
    return rows[0]


@router.get("/lift/{code}")
async def lift(request: Request, code: str) -> Response:
    row = await place_of(request, "lift", code)
    usual = (await rows_of(request, "usual", year=datetime.now(UTC) - YEAR))[0]["a_lift"]
    hotline = request.app.state.settings.api.hotline
    return for_everybody(request, "public/lift.html", row=row, kind="lift", usual=usual, hotline=hotline)


@router.get("/restaurant/{code}")
async def restaurant(request: Request, code: str) -> Response:
    row = await place_of(request, "restaurant", code)
    cameras = await rows_of(request, "cameras", code=code)
    stills = {still["camera"]: still for still in await rows_of(request, "stills", code=code)}
    withheld = {camera["camera"]: camera for camera in await rows_of(request, "withheld", code=code)}
    return for_everybody(
        request,
        "public/restaurant.html",
        row=row,
        kind="restaurant",
        cameras=cameras,
        stills=stills,
        withheld=withheld,
        open=any(camera["state"] == "active" for camera in cameras),
        hotline=request.app.state.settings.api.hotline,
    )


@router.get("/restaurant/{code}/still/{camera}.jpg")
async def still(request: Request, code: str, camera: str) -> Response:
    """The newest blurred still; where blurring failed there is none."""
    rows = await rows_of(request, "still", code=code, camera=camera)
    if not rows:
        raise HTTPException(404)
    headers = {**CACHE, "ETag": f'"{rows[0]["sha256"][:16]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(bytes(rows[0]["picture"]), media_type="image/jpeg", headers=headers)
