"""The sensors of a kitchen over a day, a week or a quarter."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from api.i18n import LOCAL, text
from api.kitchen.climate import SPANS, Span, start_of, steps
from api.kitchen.own import AKitchen, OwnKitchens, Row, rows_of
from api.kitchen.sensor_charts import Shown, shown
from api.page import language_of, render
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.kitchen", "watch.sql")
ORIGIN = datetime(2000, 1, 1, tzinfo=LOCAL)
"""steps lie on the raster of the city's days"""


@router.get("/kitchen/{code}/sensors")
async def the_sensors(request: Request, kitchen: AKitchen, own: OwnKitchens, span: str = "day") -> Response:
    if span not in SPANS:
        raise HTTPException(422, f"span: {span[:40]!r}, expected one of {', '.join(SPANS)}")
    chosen = SPANS[span]
    sensors = await rows_of(request, "sensors", {"ids": [kitchen["id"]]})
    start = start_of(chosen, datetime.now(UTC), ORIGIN)
    said = await _said(request, [row["id"] for row in sensors], chosen, start)
    return render(
        request,
        "kitchen/sensors.html",
        kitchen=kitchen,
        own=own,
        shown=[_shown(request, row, said, start, chosen) for row in sensors],
        chosen=span,
        spans=list(SPANS),
        step=chosen.step.total_seconds(),
    )


async def _said(request: Request, devices: list[int], span: Span, start: datetime) -> list[Row]:
    name = "climate_days" if span.step >= timedelta(days=1) else "climate_fine"
    values: dict[str, Any] = {"devices": devices, "start": start, "end": start + span.back, "origin": ORIGIN}
    return await rows_of(request, name, {**values, "step_s": span.step.total_seconds()}, QUERIES)


def _shown(request: Request, row: Row, said: list[Row], start: datetime, span: Span) -> Shown:
    language, limits = language_of(request), request.app.state.settings.api.climate_limits
    found = steps([one for one in said if one["device_id"] == row["id"]], span, start)
    limit = limits.get(row["zone_kind"]) or limits.get(row["zone"])
    return shown(row, row[f"name_{language}"] or row["code"], found, start, span, limit, partial(text, language))
