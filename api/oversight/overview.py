"""The regulator's overview: where should people go today, and is the city getting safer?"""

from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse

from api.access import Viewer
from api.i18n import text
from api.interval_charts import dots
from api.oversight import risk
from api.oversight.counts import Trends, months_back, town_rows, trends_of
from api.oversight.figures import ARRIVAL_BINS, ARRIVAL_NAMES, LEAST_LIFTS, counts
from api.oversight.kpis import GOAL_OPEN, MEASURES, Heat, heat
from api.oversight.list_pages import rows_of
from api.oversight.listing import ask
from api.oversight.lists import FINDINGS, KITCHENS, LIFTS, TERMS
from api.oversight.scope import QUERIES, Regulator, towns_of
from api.page import language_of, render
from api.paired_charts import columns

router = APIRouter()
SHOWN_OF_EACH, SHOWN_MINE, SHOWN_OPEN, SHOWN_RISKY = 8, 5, 8, 10
SPANS = (12, 24)


@router.get("/oversight")
async def oversight(request: Request, viewer: Regulator, measure: str = "open", months: int = 12) -> HTMLResponse:
    """Three bands: what waits today, the places by risk, the trends; and the heat by town."""
    if measure not in MEASURES:
        raise HTTPException(422, f"measure: {measure[:20]!r}, expected one of {', '.join(MEASURES)}")
    if months not in SPANS:
        raise HTTPException(422, f"months: {months}, expected one of {', '.join(map(str, SPANS))}")
    towns = {"towns": towns_of(viewer)}
    async with request.app.state.pool.connection() as connection:
        to_do = await (await connection.execute(QUERIES["to_do"], {**towns, "each": SHOWN_OF_EACH})).fetchall()
        open_now = await (
            await connection.execute(QUERIES["open_incidents"], {**towns, "limit": SHOWN_OPEN})
        ).fetchall()
    mine = await rows_of(request, viewer, ask(FINDINGS, {"officer": "me"}), SHOWN_MINE)
    words = partial(text, language_of(request))
    found = await trends_of(request, viewer, months_back(months))
    return render(
        request,
        "oversight/oversight.html",
        to_do=to_do,
        late=max((row["of_kind"] for row in to_do if row["late"]), default=0),
        waiting=max((row["of_kind"] for row in to_do if not row["late"]), default=0),
        incidents=open_now,
        under_way=open_now[0]["of_all"] if open_now else 0,
        mine=mine,
        mine_all=mine[0]["of_all"] if mine else 0,
        risky=await _risky(request, viewer),
        terms=[("kitchen", risk.KITCHEN), ("lift", risk.LIFT), ("finding", risk.FINDING)],
        trends=(found.trapped, found.arrivals, found.open, found.rectified),
        charts=_charts(found, words),
        spread=counts(found.gathered.spread, "arrival"),
        bins=list(enumerate(ARRIVAL_NAMES)),
        heats=heat(await town_rows(request, viewer), measure),
        measure=measure,
        measures=MEASURES,
        months=months,
        spans=SPANS,
        least=LEAST_LIFTS,
        goal=GOAL_OPEN,
    )


@router.get("/oversight/towns.json")
async def towns(request: Request, viewer: Regulator, measure: str = "open") -> JSONResponse:
    """The viewer's towns as points of a map: the middle of their places, as large as they are hot."""
    if measure not in MEASURES:
        raise HTTPException(422, f"measure: {measure[:20]!r}, expected one of {', '.join(MEASURES)}")
    language = language_of(request)
    words = partial(text, language)
    heats = heat(await town_rows(request, viewer), measure)
    points = [_point(one, measure, language, words) for one in heats if one.row["lat"] is not None]
    return JSONResponse({"type": "FeatureCollection", "features": points})


def _point(one: Heat, measure: str, language: str, words: Any) -> dict[str, Any]:
    row = one.row
    value = words("common.no_data") if one.value is None else f"{one.value:.1f}"
    lines = [f"{words('heat.' + measure)}: {value}", words("heat.counts", lifts=row["lifts"], kitchens=row["kitchens"])]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
        "properties": {
            "kind": "town",
            "tone": one.tone,
            "size": round(one.size, 3),
            "label": row[f"name_{language}"],
            "text": "\n".join(lines),
            "href": f"/oversight/findings?town={row['code']}&lang={language}",
        },
    }


async def _risky(request: Request, viewer: Viewer) -> list[dict[str, Any]]:
    """Kitchens and lifts together, the weightiest first, with the reasons."""
    found = []
    for of, kind in ((KITCHENS, "kitchen"), (LIFTS, "lift")):
        for row in await rows_of(request, viewer, ask(of, {}), SHOWN_RISKY):
            found.append({**row, "what": kind, "why": risk.reasons(row, TERMS[of.name])})
    found.sort(key=lambda row: -row["risk"])
    return [row for row in found if row["risk"]][:SHOWN_RISKY]


def _charts(found: Trends, words: Any) -> dict[str, Any]:
    names = [month[2:] for month in found.trapped.months]
    spread = counts(found.gathered.spread, "arrival")
    total = sum(spread.values())
    bins = [round(100 * spread.get(str(number), 0) / total, 1) if total else 0.0 for number in range(ARRIVAL_BINS + 1)]
    return {
        "trapped": dots(names, found.trapped.values, words("trend.trapped")),
        "arrivals": dots(names, found.arrivals.values, words("trend.arrivals"), goal=30.0),
        "open": dots(names, found.open.values, words("trend.open"), goal=GOAL_OPEN, top=100),
        "rectified": dots(names, found.rectified.values, words("trend.rectified"), top=100, low=_low(found)),
        "spread": columns(ARRIVAL_NAMES, bins, [None] * len(bins), words("trend.spread")),
    }


def _low(found: Trends) -> float:
    """Where the scale of what was put right begins: a round number below every bound."""
    bounds = [value.low for value in found.rectified.values if value is not None]
    return max(0.0, 10 * (min(bounds, default=0.0) // 10))
