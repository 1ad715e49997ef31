"""What an owner takes away: the notice for the staff, to print, and all data of a kitchen as a file."""

from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from psycopg.types.json import Jsonb

from api.i18n import LOCAL, text
from api.kitchen.archive import stream
from api.kitchen.asked import BadAsk, day_of
from api.kitchen.own import AKitchen, Owner, OwnKitchens, file_name, rows_of
from api.page import render
from api.public.signs import address_of, drawn
from api.sql import QUERIES as SHARED
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.kitchen", "archive.sql")
SHOWN_DAYS, MOST_DAYS = 90, 400


@router.get("/kitchen/{code}/papers")
async def papers(request: Request, kitchen: AKitchen, own: OwnKitchens) -> Response:
    today = datetime.now(LOCAL).date()
    first = today - timedelta(days=SHOWN_DAYS)
    return render(request, "kitchen/papers.html", kitchen=kitchen, own=own, first=first, last=today, most=MOST_DAYS)


@router.get("/kitchen/{code}/notice")
async def notice(request: Request, kitchen: AKitchen) -> Response:
    """A sheet of A4 in both languages."""
    settings = request.app.state.settings
    cameras = await rows_of(request, "cameras", {"ids": [kitchen["id"]]})
    bureau = await rows_of(request, "bureau", {"town": kitchen["town_code"]}, QUERIES)
    public = address_of(request, "restaurant", kitchen["code"])
    return render(
        request,
        "kitchen/notice.html",
        kitchen=kitchen,
        cameras=cameras,
        bureau=bureau[0] if bureau else None,
        public=public,
        qr=drawn(public),
        both=text,
        complaints=settings.api.complaints,
        recording_days=settings.api.recording_days,
        leases_days=settings.retention.leases_days,
    )


@router.get("/kitchen/{code}/export")
async def export(request: Request, kitchen: AKitchen, viewer: Owner) -> Response:
    """Everything that is kept of a kitchen, between two days, as one ZIP. Who took it is logged."""
    first, last = _days(request)
    start = datetime.combine(first, time(), LOCAL)
    end = datetime.combine(last + timedelta(days=1), time(), LOCAL)
    async with request.app.state.pool.connection() as connection:
        await connection.execute(
            SHARED["audit"],
            {
                "person": viewer.person_id,
                "actor": viewer.login,
                "action": "kitchen_exported",
                "object": f"kitchen {kitchen['code']}",
                "reason": "owner of the kitchen",
                "details": Jsonb({"from": first.isoformat(), "to": last.isoformat()}),
            },
        )
    name = f"sunlit-{file_name(kitchen)}-{first}-{last}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(stream(request, kitchen, start, end), media_type="application/zip", headers=headers)


def _days(request: Request) -> tuple[date, date]:
    """The days of the address; by default the last ninety. Raises HTTPException."""
    today = datetime.now(UTC).astimezone(LOCAL).date()
    try:
        last = day_of("to", request.query_params.get("to", "")) or today
        first = day_of("from", request.query_params.get("from", "")) or last - timedelta(days=SHOWN_DAYS)
    except BadAsk as fault:
        raise HTTPException(422, str(fault)) from fault
    if not timedelta() <= last - first <= timedelta(days=MOST_DAYS):
        raise HTTPException(422, f"from: {first}, expected at most {MOST_DAYS} days before {last}")
    return first, last
