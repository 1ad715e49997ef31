"""What several pages count of the viewer's towns: by town, and month by month. Kept for a minute."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from fastapi import Request

from api.access import Viewer
from api.i18n import LOCAL
from api.oversight import trends
from api.oversight.gathered import Gathered
from api.oversight.kept import kept
from api.oversight.kpis import Row, kpis, together
from api.oversight.rescues import gather
from api.oversight.scope import towns_of
from api.oversight.selection import Period, name_of
from api.oversight.trends import Trend
from api.sheets import TUNED
from runtime.db import Queries

QUERIES = Queries("api.oversight", "towns.sql")
DAYS = 30
"""of what is counted up to now"""


class Trends(NamedTuple):
    """The four trends of the overview and the report, and the rescues that they were made of."""

    trapped: Trend
    arrivals: Trend
    open: Trend
    rectified: Trend
    gathered: Gathered


async def town_rows(
    request: Request, viewer: Viewer, start: datetime | None = None, end: datetime | None = None
) -> list[Row]:
    """A row of counts for each town of the viewer; without a period of the last 30 days."""
    towns = towns_of(viewer)
    until = end or datetime.now(UTC)
    values = {"towns": towns, "start": start or until - timedelta(days=DAYS), "end": until}

    async def make() -> list[Row]:
        async with request.app.state.pool.connection() as connection, connection.transaction():
            await connection.execute(TUNED)
            rows: list[Row] = await (await connection.execute(QUERIES["towns"], values)).fetchall()
            return rows

    rows: list[Row] = await kept(request, ("towns", _key(towns), start, end), make)
    return rows


async def kinds_of(request: Request, viewer: Viewer) -> list[dict[str, Any]]:
    """Kitchens by kind, and how many of each are open."""
    towns = towns_of(viewer)

    async def make() -> list[dict[str, Any]]:
        async with request.app.state.pool.connection() as connection:
            rows: list[dict[str, Any]]
            rows = await (await connection.execute(QUERIES["kitchen_kinds"], {"towns": towns})).fetchall()
            return rows

    rows: list[dict[str, Any]] = await kept(request, ("kinds", _key(towns)), make)
    return rows


async def trends_of(request: Request, viewer: Viewer, period: Period, town: str = "") -> Trends:
    """Month by month. `town` narrows further what the viewer may see anyway."""
    towns = towns_of(viewer)
    rows = [row for row in await town_rows(request, viewer) if not town or row["code"] == town]

    async def make() -> Trends:
        within = [str(row["code"]) for row in rows] if town else towns
        values = {"towns": within, "town": "", "unit": None, "mass": "out", "now": period.now}
        inside = {"towns": within, "start": period.start, "end": period.end}
        async with request.app.state.pool.connection() as connection, connection.transaction():
            await connection.execute(TUNED)
            gathered = await gather(connection, values, period)
            shares = await (await connection.execute(QUERIES["open_months"], inside)).fetchall()
            put_right = await (await connection.execute(QUERIES["rectified_months"], inside)).fetchall()
        months = gathered.by_month()
        names = [name for name, _ in months]
        now = next(kpi.found for kpi in kpis(together(rows)) if kpi.name == "open")
        this = name_of(datetime.now(LOCAL).year * 12 + datetime.now(LOCAL).month - 1)
        return Trends(
            trends.trapped(months, sum(gathered.lifts.values()), [part for _, part in period.each()]),
            trends.arrivals(months),
            trends.open_share(shares, names, now if names[-1:] == [this] else None),
            trends.rectified(put_right, names),
            gathered,
        )

    found: Trends = await kept(request, ("trends", _key(towns), town, period.first, period.last), make)
    return found


def months_back(number: int) -> Period:
    """The last months up to now."""
    now = datetime.now(LOCAL)
    last = now.year * 12 + now.month - 1
    return Period(last - number + 1, last, now)


def _key(towns: list[str] | None) -> tuple[str, ...] | None:
    return None if towns is None else tuple(sorted(towns))
