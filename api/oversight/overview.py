"""The regulator's overview: where should people go today, and is the city getting safer?"""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.charts import bars, histogram
from api.intervals import poisson, wilson
from api.oversight.scope import QUERIES, Regulator, towns_of
from api.page import language_of, render

router = APIRouter()
ARRIVAL_EDGES = (0, 5, 10, 15, 20, 30)
GOAL_OPEN = 80.0
SHOWN_OF_EACH = 8


@router.get("/oversight")
async def oversight(request: Request, viewer: Regulator) -> HTMLResponse:
    towns = {"towns": towns_of(viewer)}
    async with request.app.state.pool.connection() as connection:
        to_do = await (await connection.execute(QUERIES["to_do"], {**towns, "each": SHOWN_OF_EACH})).fetchall()
        by_town = await (await connection.execute(QUERIES["towns"], towns)).fetchall()
        incidents = await (await connection.execute(QUERIES["incidents"], {**towns, "limit": 20})).fetchall()
        arrivals = await (await connection.execute(QUERIES["arrivals"], towns)).fetchall()
        rectified = await (await connection.execute(QUERIES["rectified"], towns)).fetchone()
        risky = await (await connection.execute(QUERIES["risky"], towns)).fetchall()
    language = language_of(request)
    lifts, trapped = (sum(row[name] for row in by_town) for name in ("lifts", "trapped"))
    kitchens, shown = (sum(row[name] for row in by_town) for name in ("kitchens", "open_kitchens"))
    minutes = [float(row["minutes"]) for row in arrivals]
    return render(
        request,
        "oversight/oversight.html",
        to_do=to_do,
        late=max((row["of_kind"] for row in to_do if row["late"]), default=0),
        waiting=max((row["of_kind"] for row in to_do if not row["late"]), default=0),
        incidents=incidents,
        risky=risky,
        by_town=by_town,
        lifts=lifts,
        trapped=trapped,
        rate=1000 * trapped / lifts if lifts else None,
        rate_range=[1000 * bound / lifts for bound in poisson(trapped)] if lifts else None,
        kitchens=kitchens,
        shown=shown,
        open_range=wilson(shown, kitchens),
        rectified=rectified,
        rectified_range=wilson(rectified["in_time"], rectified["total"]),
        minutes=minutes,
        arrivals=histogram(minutes, ARRIVAL_EDGES, "minutes to arrival", "min"),
        open_chart=bars(
            [
                (row[f"name_{language}"], round(100 * row["open_kitchens"] / row["kitchens"], 1))
                for row in by_town
                if row["kitchens"]
            ],
            "open kitchens by town, %",
            GOAL_OPEN,
            100,
        ),
    )
