"""Maintenance units side by side, and a page of each: its lifts, its rescues, its figures with their intervals."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.access import Viewer
from api.i18n import LOCAL
from api.oversight import risk
from api.oversight.figures import LEAST_LIFTS
from api.oversight.list_pages import rows_of
from api.oversight.listing import FORMATS, ask
from api.oversight.lists import INCIDENTS, LIFTS, TERMS
from api.oversight.scope import QUERIES as SHARED
from api.oversight.scope import Regulator, towns_of
from api.oversight.selection import ORDERS, BadSelection, Period, Selection, name_of, select
from api.oversight.unit_figures import ESTIMATED, SORTS, Unit, line, ordered, unit
from api.page import language_of, render
from api.paired_charts import whisker
from api.sheets import TUNED, once, sheet
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "units.sql")
PATH = "/oversight/units"
SHOWN_LIFTS, SHOWN_INCIDENTS = 10, 20


@router.get(PATH)
async def units(request: Request, viewer: Regulator, sort: str = "rate", order: str = "", format: str = "") -> Response:
    """By default the last twelve months; the address says months, town and order, and with `format` it is a file."""
    chosen = chosen_of(request.query_params)
    order = order or ("asc" if sort == "name" else "desc")
    for field, value, known in (("sort", sort, SORTS), ("order", order, ORDERS), ("format", format, ("", *FORMATS))):
        if value not in known:
            raise HTTPException(422, f"{field}: {value[:20]!r}, expected one of {', '.join(filter(None, known))}")
    language = language_of(request)
    found = await units_of(request, viewer, chosen.period, chosen.town)
    ranked, apart = ordered(found, sort, order, f"name_{language}")
    if format:
        lines = [line(one, language) for one in [*ranked, *apart]]
        heads = list(lines[0]) if lines else ["code"]
        name = f"units-{name_of(chosen.period.first)}-{name_of(chosen.period.last)}"
        return await sheet(format, name, heads, once(lines), lambda row: list(row.values()))
    async with request.app.state.pool.connection() as connection:
        towns = await (await connection.execute(SHARED["town_names"], {"towns": towns_of(viewer)})).fetchall()
    return render(
        request,
        "oversight/units.html",
        ranked=ranked,
        apart=apart,
        chosen=chosen,
        towns=towns,
        sort=sort,
        order=order,
        address=partial(_address, chosen, {"sort": sort, "order": order}, request.query_params.get("lang", "")),
        name_of=name_of,
        least=LEAST_LIFTS,
        **_pictures(found),
    )


@router.get("/oversight/unit/{code}")
async def one_unit(request: Request, code: str, viewer: Regulator) -> HTMLResponse:
    """A unit that looks after lifts in the viewer's towns, and only those."""
    chosen = chosen_of(request.query_params)
    found = await units_of(request, viewer, chosen.period, chosen.town, code)
    if not found or not code:
        raise HTTPException(404)
    return render(
        request,
        "oversight/unit.html",
        unit=found[0],
        chosen=chosen,
        name_of=name_of,
        lifts=await rows_of(request, viewer, ask(LIFTS, {"unit": code}), SHOWN_LIFTS),
        incidents=await rows_of(request, viewer, ask(INCIDENTS, {"unit": code}), SHOWN_INCIDENTS),
        reasons=partial(risk.reasons, terms=TERMS["lifts"]),
        **_pictures(found),
    )


async def units_of(request: Request, viewer: Viewer, period: Period, town: str = "", code: str = "") -> list[Unit]:
    """The units of the viewer's towns, or one of them."""
    values = {"towns": towns_of(viewer), "town": town, "unit": code[:80], "now": period.now}
    inside = {**values, "start": period.start, "end": period.end}
    async with request.app.state.pool.connection() as connection, connection.transaction():
        await connection.execute(TUNED)
        rows = await (await connection.execute(QUERIES["units"], inside)).fetchall()
    return [unit(row, period.months) for row in rows]


def chosen_of(asked: Mapping[str, str]) -> Selection:
    """Months and town of an address. Raises HTTPException."""
    named = {key: asked[key] for key in ("from", "to", "town") if asked.get(key)}
    try:
        return select(named, datetime.now(LOCAL))
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error


def _address(chosen: Selection, at: Mapping[str, str], language: str, /, **changes: str) -> str:
    plain = chosen._replace(sort="", order="", mass="")
    return plain.address(PATH, language, **{**at, **changes})


def _pictures(found: list[Unit]) -> dict[str, Any]:
    """How intervals are drawn: one scale for each column, most upper bounds inside it."""
    tops = {}
    for name in ESTIMATED:
        values = [getattr(one, name) for one in found if getattr(one, name) is not None]
        bounds = sorted(value.high for value in values if value.high < 1e12)
        usual = bounds[int(0.9 * (len(bounds) - 1))] if bounds else 0.0
        tops[name] = max([usual, *(value.value for value in values)], default=0.0)
    lows = [one.low for unit in found for one in (unit.response, unit.arrival) if one is not None]
    low = max(0.0, 10 * (min(lows, default=0.0) // 10))
    return {"tops": {**tops, "response": 100, "arrival": 100}, "low": low, "whisker": whisker}
