"""The figures of rescues: for the towns of the viewer, by month, town and maintenance unit, with last year's beside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from api.csv_file import csv_file
from api.i18n import LOCAL, text
from api.oversight import figures as made
from api.oversight.figures import Row
from api.oversight.gathered import Gathered
from api.oversight.rescue_charts import charts
from api.oversight.rescue_tables import TABLES, table
from api.oversight.scope import QUERIES as SHARED
from api.oversight.scope import Regulator, towns_of
from api.oversight.selection import MASS, BadSelection, Period, Selection, name_of, select
from api.page import language_of, render
from api.paired_charts import whisker
from runtime.db import AsyncConnection, Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "rescues.sql")
SHOWN = 20
IN_A_FILE = 10_000
PATH = "/oversight/rescues"


@router.get(PATH)
async def rescues(request: Request, viewer: Regulator, format: str = "", of: str = "months") -> Response:
    """The page; the same address with `format=csv` is one of its tables, `of` says which."""
    try:
        chosen = select(request.query_params, datetime.now(UTC).astimezone(LOCAL))
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error
    if of not in TABLES:
        raise HTTPException(422, f"of: {of!r}, expected one of {', '.join(TABLES)}")
    towns = towns_of(viewer)
    async with request.app.state.pool.connection() as connection:
        names = await _all(connection, SHARED["town_names"], {"towns": towns})
        units = await _all(connection, QUERIES["unit_names"], {"towns": towns})
        values = {**_narrowed(chosen, names, units), "towns": towns, "mass": chosen.mass, "now": chosen.period.now}
        now = await gather(connection, values, chosen.period)
        before = await gather(connection, values, chosen.period.before())
        since = (await _all(connection, QUERIES["since"], {}))[0]["since"]
        limit = IN_A_FILE if format == "csv" else SHOWN
        inside = {**values, "start": chosen.period.start, "end": chosen.period.end, "limit": limit}
        lists = {name: await _all(connection, QUERIES[name], inside) for name in ("units", "repeats", "mass")}
        left_out = {row["left_out"]: row["n"] for row in await _all(connection, QUERIES["left_out"], inside)}
    compared = before if since is not None and since <= before.period.start else None
    language = language_of(request)
    found = [made.unit(row, chosen.period.months) for row in lists["units"]]
    ranked, apart = made.ranked(found, chosen.sort, chosen.order, f"name_{language}")
    if format == "csv":
        parts = table(of, now, ranked + apart, lists["repeats"], names)
        return csv_file(parts, f"rescues-{of}-{name_of(chosen.period.first)}-{name_of(chosen.period.last)}.csv")
    chosen_language, by_town, causes = (
        request.query_params.get("lang", ""),
        now.by_town(),
        made.counts(now.spread, "cause"),
    )
    return render(
        request,
        "oversight/rescues.html",
        chosen=chosen,
        address=partial(chosen.address, PATH, chosen_language),
        name_of=name_of,
        masses=MASS,
        towns=names,
        units=units,
        now_figures=now.whole(),
        last_figures=compared.whole() if compared else None,
        left_out=left_out,
        charts=charts(now, compared, partial(text, language)),
        causes_known=any(causes),
        causes_unknown=causes.get("", 0),
        by_town=by_town,
        lifts_of=now.lifts,
        ranked=ranked,
        apart=apart,
        least=made.LEAST_LIFTS,
        tops=made.scales(found, by_town.values()),
        whisker=whisker,
        repeats=lists["repeats"],
        mass=lists["mass"],
    )


async def _all(connection: AsyncConnection, statement: Any, values: Mapping[str, object]) -> list[Row]:
    return list(await (await connection.execute(statement, values)).fetchall())


async def gather(connection: AsyncConnection, values: Mapping[str, object], period: Period) -> Gathered:
    """The rescues of a period, of the towns and with the filters of `values`."""
    inside = {**values, "start": period.start, "end": period.end}
    bins = {"bins": made.ARRIVAL_BINS, "step": made.ARRIVAL_STEP_MIN}
    lifts = await _all(connection, QUERIES["lifts"], inside)
    return Gathered(
        rows=await _all(connection, QUERIES["rescues"], inside),
        spread=await _all(connection, QUERIES["spread"], {**inside, **bins}),
        lifts={row["town_code"]: row["n"] for row in lifts},
        period=period,
    )


def _narrowed(chosen: Selection, towns: list[Row], units: list[Row]) -> dict[str, object]:
    """What is asked for, of what the viewer may see. Raises HTTPException."""
    known = {row["code"]: row["id"] for row in units}
    if chosen.town and chosen.town not in {row["code"] for row in towns}:
        raise HTTPException(422, f"town: {chosen.town!r}, expected the code of one of your towns")
    if chosen.unit and chosen.unit not in known:
        raise HTTPException(422, f"unit: {chosen.unit!r}, expected the code of a maintenance unit of your towns")
    return {"town": chosen.town, "unit": known.get(chosen.unit) if chosen.unit else None}
