"""An owner's own kitchens: is everything in order, and what has to be done?"""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.i18n import day_start
from api.kitchen.own import AKitchen, Owner, OwnKitchens, Row, mine, rows_of
from api.kitchen.pictures import marks_of
from api.kitchen.standing import Standing, cause_of, is_late, standing
from api.page import language_of, render, with_player

router = APIRouter()
SHOWN = 60


@router.get("/kitchen")
async def kitchens(request: Request, own: OwnKitchens, said: str = "") -> HTMLResponse:
    """Of one kitchen its page; of several a line each, the most urgent first."""
    if len(own) == 1:
        return await _page(request, own[0], own, said)
    found = await _gathered(request, [row["id"] for row in own])
    stood = [(row, _standing(request, found, row["id"])) for row in own]
    stood.sort(key=lambda pair: pair[1].rank)
    return render(request, "kitchen/kitchens.html", stood=stood, said=said)


@router.get("/kitchen/still/{camera}.jpg")
async def still(request: Request, camera: str, viewer: Owner) -> Response:
    """The newest blurred still of an own camera; none while a newer one was withheld."""
    rows = await rows_of(request, "still", {**mine(viewer), "camera": camera})
    if not rows:
        raise HTTPException(404)
    picture = bytes(rows[0]["picture"])
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.get("/kitchen/{code}")
async def one_kitchen(request: Request, kitchen: AKitchen, own: OwnKitchens, said: str = "") -> HTMLResponse:
    return await _page(request, kitchen, own, said)


async def _gathered(request: Request, ids: list[int]) -> dict[str, list[Row]]:
    """Findings, cameras and sensors of kitchens, now."""
    values: dict[str, Any] = {"ids": ids, "today": day_start(datetime.now(UTC)), "limit": SHOWN * max(1, len(ids))}
    return {name: await rows_of(request, name, values) for name in ("findings", "cameras", "sensors")}


def _standing(request: Request, found: dict[str, list[Row]], kitchen: int) -> Standing:
    own = {name: [row for row in rows if row["kitchen_id"] == kitchen] for name, rows in found.items()}
    return standing(own["findings"], own["cameras"], own["sensors"], datetime.now(UTC), language_of(request))


async def _page(request: Request, kitchen: Row, own: list[Row], said: str) -> HTMLResponse:
    found = await _gathered(request, [kitchen["id"]])
    now = datetime.now(UTC)
    late = {row["number"] for row in found["findings"] if row["to_do"] and is_late(row, now)}
    page = render(
        request,
        "kitchen/kitchen.html",
        kitchen=kitchen,
        own=own,
        standing=_standing(request, found, kitchen["id"]),
        late=late,
        cause_of=cause_of,
        marks=await marks_of(request, found["findings"]),
        said=said,
        findings=found["findings"],
        cameras=found["cameras"],
        sensors=found["sensors"],
    )
    return with_player(request, page)
