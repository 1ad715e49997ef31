"""The city's page: can I trust this city? And its towns, on a map and in a table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from api.charts import histogram
from api.i18n import LOCAL, text
from api.page import language_of
from api.paired_charts import columns, lying
from api.public.asked import CACHE, for_everybody, rows_of
from api.public.published import by_month, corrections, months_before, published, share, sorted_towns

router = APIRouter()
YEAR, MONTH = timedelta(days=365), timedelta(days=30)
EDGES = (0, 5, 10, 15, 20, 30)
GOAL_OPEN = 80
SORTS = ("name", "lifts", "rescues", "rescues_year", "kitchens", "open")
CAUSES_SHOWN = 8


@router.get("/")
async def city(request: Request) -> Response:
    now = datetime.now(UTC)
    towns = await towns_of(request, now)
    kitchens, shown = (sum(row[name] for row in towns) for name in ("kitchens", "open_kitchens"))
    before = (await rows_of(request, "open_before", now=now))[0]
    found = {row["name"]: row for row in await rows_of(request, "put_right", now=now, year=now - YEAR)}
    since = (await rows_of(request, "since"))[0]["since"]
    spans = {row["name"]: row for row in await rows_of(request, "figures", now=now, month=now - MONTH)}
    known = {
        name: since is not None and since <= now - age
        for name, age in (("last", MONTH + YEAR), ("year", timedelta()), ("last_year", 2 * YEAR))
    }
    return for_everybody(
        request,
        "public/city.html",
        figures=published(spans, known),
        open={"kitchens": kitchens, "shown": shown, "share": share(shown, kitchens)},
        open_before=share(before["open_kitchens"], before["kitchens"]),
        goal=GOAL_OPEN,
        done={name: corrections(row) for name, row in found.items()},
        done_known=known["last_year"],
        towns=towns,
        charts=await _charts(request, now, since, language_of(request)),
    )


async def _charts(request: Request, now: datetime, since: datetime | None, language: str) -> dict[str, Markup | None]:
    arrivals = await rows_of(request, "arrivals", month=now - MONTH)
    causes = (await rows_of(request, "causes", year=now - YEAR))[:CAUSES_SHOWN]
    today = now.astimezone(LOCAL).date()
    names = months_before(today, 24)
    first = since.astimezone(LOCAL).strftime("%Y-%m") if since else None
    counted = by_month(await rows_of(request, "months", since=now - 2 * YEAR - 2 * MONTH), names, first)
    all_now, all_before = (sum(row[name] for row in causes) for name in ("n", "before"))

    def say(key: str) -> str:
        return text(language, f"public.{key}")

    return {
        "months": columns([name[2:] for name in names[12:]], counted[12:], counted[:12], say("by_month"), 3)
        if first
        else None,
        "arrivals": histogram([float(row["minutes"]) for row in arrivals], EDGES, say("distribution"), "min")
        if arrivals
        else None,
        "causes": lying(
            [text(language, f"cause.{row['cause']}") for row in causes],
            [round(share(row["n"], all_now) or 0, 1) for row in causes],
            [share(row["before"], all_before) for row in causes],
            say("causes"),
        )
        if all_now
        else None,
    }


async def towns_of(request: Request, now: datetime) -> list[dict[str, Any]]:
    return await rows_of(request, "towns", month=now - MONTH, year=now - YEAR)


@router.get("/towns")
async def towns(request: Request, sort: str = "", order: str = "") -> Response:
    """The map, for who asks for it, and the same in words. `sort` and `order` (asc, desc) of the table."""
    by, way = sort if sort in SORTS else "name", "desc" if order == "desc" else "asc"
    rows = sorted_towns(await towns_of(request, datetime.now(UTC)), by, way, f"name_{language_of(request)}")
    return for_everybody(request, "public/towns.html", rows=rows, sorts=SORTS, sort=by, order=way, goal=GOAL_OPEN)


@router.get("/towns.geojson")
async def town_points(request: Request) -> JSONResponse:
    """Towns as points: the size says how many lifts, the tone how many of its kitchens are open."""
    language = language_of(request)
    rows = [row for row in await towns_of(request, datetime.now(UTC)) if row["lat"] is not None]
    most = max((row["lifts"] + row["kitchens"] for row in rows), default=0) or 1
    points = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(row["lon"], 5), round(row["lat"], 5)]},
            "properties": {
                "kind": "town",
                "tone": _tone(share(row["open_kitchens"], row["kitchens"])),
                "label": row[f"name_{language}"],
                "text": text(language, "public.town_words", **{name: row[name] for name in COUNTS}),
                "size": (row["lifts"] + row["kitchens"]) / most,
            },
        }
        for row in rows
    ]
    return JSONResponse({"type": "FeatureCollection", "features": points}, headers=CACHE)


COUNTS = ("lifts", "rescues", "rescues_year", "kitchens", "open_kitchens")


def _tone(percent: float | None) -> str:
    if percent is None:
        return "unknown"
    return "fine" if percent >= GOAL_OPEN else "late"
