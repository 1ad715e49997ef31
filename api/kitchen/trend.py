"""A kitchen against its own past; no other kitchen stands beside it."""

from datetime import UTC, datetime, time

from fastapi import APIRouter, HTTPException, Request, Response

from api.i18n import LOCAL, text
from api.kitchen.asked import RULES
from api.kitchen.drawn import weekly
from api.kitchen.history import QUERIES
from api.kitchen.own import AKitchen, OwnKitchens, rows_of
from api.kitchen.weeks import first_monday, trend
from api.page import language_of, render

router = APIRouter()


@router.get("/kitchen/{code}/trend")
async def the_trend(request: Request, kitchen: AKitchen, own: OwnKitchens, rule: str = "") -> Response:
    if rule and rule not in RULES:
        raise HTTPException(422, f"rule: {rule[:40]!r}, expected one of {', '.join(RULES)}")
    now = datetime.now(UTC)
    start = datetime.combine(first_monday(now), time(), LOCAL)
    values = {"kitchen": kitchen["id"], "start": start}
    rows = await rows_of(request, "weeks", values, QUERIES)
    began = (await rows_of(request, "began", values, QUERIES))[0]["at"]
    found = trend(rows, began, now, rule)
    names = [f"{monday:%m-%d}" for monday in found.mondays]
    language = language_of(request)
    label = text(language, "trend.chart", what=text(language, f"rule.{rule}" if rule else "trend.all"))
    return render(
        request,
        "kitchen/trend.html",
        kitchen=kitchen,
        own=own,
        found=found,
        began=began,
        any_rows=bool(rows),
        rule=rule,
        chart=weekly(names, found.counts, found.median, label, "weeks"),
    )
