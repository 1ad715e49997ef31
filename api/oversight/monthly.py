"""The report of a month, to be printed: figures with last year's beside them, charts, tables, and how they are made."""

from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from api.access import Viewer
from api.i18n import LOCAL, text
from api.interval_charts import dots
from api.intervals import Estimate
from api.oversight.counts import Trends, town_rows, trends_of
from api.oversight.figures import LEAST_LIFTS, Figures, counts
from api.oversight.kpis import GOAL_OPEN, kpis
from api.oversight.scope import QUERIES, Regulator, towns_of
from api.oversight.selection import BadSelection, Period, month_of, name_of
from api.oversight.unit_figures import ordered
from api.oversight.units import units_of
from api.page import language_of, render

router = APIRouter()
YEAR = 12


@router.get("/oversight/report")
async def report(request: Request, viewer: Regulator, month: str = "", town: str = "") -> HTMLResponse:
    """`month` as 2026-11, by default the last whole one; `town` one of the viewer's, by default all of them."""
    now = datetime.now(LOCAL)
    this = now.year * 12 + now.month - 1
    try:
        chosen = month_of("month", month) if month else this - 1
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error
    if chosen > this:
        raise HTTPException(422, f"month: {month!r}, expected a month up to {name_of(this)}")
    names = await _towns(request, viewer)
    if town and town not in {row["code"] for row in names}:
        raise HTTPException(422, f"town: {town[:20]!r}, expected the code of one of your towns")
    period = Period(chosen, chosen, now)
    year = await trends_of(request, viewer, Period(chosen - YEAR + 1, chosen, now), town)
    then = await trends_of(request, viewer, Period(chosen - YEAR, chosen - YEAR, now), town)
    rows = [
        row for row in await town_rows(request, viewer, period.start, period.end) if not town or row["code"] == town
    ]
    words, language = partial(text, language_of(request)), language_of(request)
    units = await units_of(request, viewer, period, town)
    return render(
        request,
        "oversight/monthly.html",
        month=name_of(chosen),
        running=chosen == this,
        town=next((row for row in names if row["code"] == town), None),
        towns=names,
        whole_city=towns_of(viewer) is None,
        figures=_figures(year, then),
        by_town=[(row, {kpi.name: kpi for kpi in kpis(row)}) for row in rows if row["lifts"] or row["kitchens"]],
        causes=[(name, n) for name, n in counts(year.gathered.spread, "cause").items() if name],
        units=ordered(units, "rate", "desc", f"name_{language}"),
        charts=_charts(year, words),
        least=LEAST_LIFTS,
    )


async def _towns(request: Request, viewer: Viewer) -> list[dict[str, Any]]:
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(QUERIES["town_names"], {"towns": towns_of(viewer)})
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows


def _figures(year: Trends, then: Trends) -> list[tuple[str, int, Estimate | None, Estimate | None]]:
    """The month's figures, and those of the same month a year before: name, digits, now, then."""
    month, before = _last(year), _last(then)
    known = bool(then.gathered.rows) and any(row["trapped"] for row in then.gathered.rows)

    def of(name: str) -> tuple[Estimate | None, Estimate | None]:
        last = getattr(before, name) if before and known else None
        return (getattr(month, name) if month else None), last

    return [
        ("rate", 2, year.trapped.values[-1], then.trapped.values[-1] if known else None),
        ("response", 1, *of("response")),
        ("arrival", 1, *of("arrival")),
        ("minutes", 1, *of("arrival_minutes")),
        ("release", 1, *of("release_minutes")),
        ("rectified", 1, year.rectified.values[-1], then.rectified.values[-1]),
        ("open", 1, year.open.values[-1], then.open.values[-1]),
    ]


def _last(found: Trends) -> Figures | None:
    return found.gathered.by_month()[-1][1]


def _charts(year: Trends, words: Any) -> list[tuple[str, Any]]:
    names = [month[2:] for month in year.trapped.months]
    drawn = [
        ("trapped", year.trapped, {}),
        ("arrivals", year.arrivals, {"goal": 30.0}),
        ("open", year.open, {"goal": GOAL_OPEN, "top": 100.0}),
        ("rectified", year.rectified, {"top": 100.0, "low": 50.0}),
    ]
    return [
        (name, dots(names, trend.values, words(f"trend.{name}"), **more) if trend.known() else "")
        for name, trend, more in drawn
    ]
