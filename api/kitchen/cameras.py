"""How the cameras of a kitchen do: now, over 7 and 30 days, and when they saw nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from api.i18n import LOCAL, text
from api.kitchen.drawn import Tick, strip
from api.kitchen.own import AKitchen, OwnKitchens, Row, rows_of
from api.kitchen.sensors import QUERIES
from api.kitchen.sight import HOUR, hours, shares
from api.kitchen.standing import CAUSES, cause_of
from api.page import language_of, render

router = APIRouter()
WEEK, MONTH = 7 * 24, 30 * 24


@router.get("/kitchen/{code}/cameras")
async def the_cameras(request: Request, kitchen: AKitchen, own: OwnKitchens) -> Response:
    language, now = language_of(request), datetime.now(UTC)
    cameras = await rows_of(request, "cameras", {"ids": [kitchen["id"]]})
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    values: dict[str, Any] = {"devices": [row["id"] for row in cameras], "start": end - MONTH * HOUR, "end": end}
    heard = await rows_of(request, "camera_hours", values, QUERIES)
    blind = await rows_of(request, "blind_times", values, QUERIES)
    return render(
        request,
        "kitchen/cameras.html",
        kitchen=kitchen,
        own=own,
        shown=[_shown(row, heard, blind, end, language) for row in cameras],
        causes=CAUSES,
    )


def _shown(camera: Row, heard: list[Row], blind: list[Row], end: datetime, language: str) -> dict[str, Any]:
    own = [row for row in heard if row["device_id"] == camera["id"]]
    month = hours(own, end, MONTH)
    week = month[-WEEK:]
    name = camera[f"name_{language}"] or camera["code"]
    label = text(language, "health.strip", name=name)
    return {
        "camera": camera,
        "name": name,
        "cause": cause_of(camera),
        "week": shares(week),
        "month": shares(month),
        "strip": strip(week, "sees", "blind", _days(end), label, camera["code"]),
        "times": [row for row in blind if row["device_id"] == camera["id"]],
    }


def _days(end: datetime) -> list[Tick]:
    """Midnights of the last week."""
    local = end.astimezone(LOCAL)
    first = (local - timedelta(days=7)).replace(hour=0) + timedelta(days=1)
    begin = local - timedelta(days=7)
    found = [first + timedelta(days=day) for day in range(7)]
    return [(share, f"{day:%m-%d}") for day in found if 0.02 <= (share := (day - begin) / timedelta(days=7)) <= 0.98]
