"""Pages for everybody: read under the public role, which sees `public_*` views and nothing else."""

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from api.access import same_origin
from api.charts import bars, histogram
from api.page import language_of, render
from api.public import reports
from api.public.published import published
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.public")
YEAR, MONTH = timedelta(days=365), timedelta(days=30)
EDGES = (0, 5, 10, 15, 20, 30)
COLUMNS = (
    *("month", "town_code", "rescues", "in_mass_incidents", "answered_in_3_min", "not_answered_in_3_min"),
    *("arrived_in_30_min", "not_arrived_in_30_min", "mean_arrival_min", "mean_release_min"),
    *("tier_1", "tier_2", "tier_3"),
)
CACHE = {"Cache-Control": "public, max-age=30"}


async def rows_of(request: Request, name: str, **values: object) -> list[dict[str, Any]]:
    """Rows of a statement under the public role."""
    async with request.app.state.public_pool.connection() as connection:
        rows: list[dict[str, Any]] = await (await connection.execute(QUERIES[name], values)).fetchall()
        return rows


@router.get("/")
async def city(request: Request) -> Response:
    now = datetime.now(UTC)
    month = now - MONTH
    language = language_of(request)
    spans = await rows_of(request, "figures", now=now, month=month, last_from=month - YEAR, last_to=now - YEAR)
    since = (await rows_of(request, "since"))[0]["since"]
    arrivals = await rows_of(request, "arrivals", month=month)
    causes = await rows_of(request, "causes", year=now - YEAR)
    towns = await rows_of(request, "towns", month=month)
    figures = published({row["name"]: row for row in spans}, compared=since is not None and since <= month - YEAR)
    figures |= {name: sum(row[name] for row in towns) for name in ("kitchens", "open_kitchens")}
    page = render(
        request,
        "public/city.html",
        figures=figures,
        arrivals=histogram([float(row["minutes"]) for row in arrivals], EDGES, "minutes to arrival", "min"),
        has_arrivals=bool(arrivals),
        causes=causes,
        towns=towns,
        chart=bars(
            [
                (row[f"name_{language}"], round(100 * row["open_kitchens"] / row["kitchens"], 1))
                for row in towns
                if row["kitchens"]
            ],
            "%",
            80,
            100,
        ),
    )
    return _cached(request, page)


@router.get("/lift/{code}")
async def lift(request: Request, code: str, said: str = "") -> Response:
    rows = await rows_of(request, "lift", code=code)
    if not rows:
        raise HTTPException(404)
    return _cached(request, render(request, "public/lift.html", row=rows[0], said=said))


@router.get("/restaurant/{code}")
async def restaurant(request: Request, code: str, said: str = "") -> Response:
    rows = await rows_of(request, "kitchen", code=code)
    if not rows:
        raise HTTPException(404)
    stills = await rows_of(request, "stills", code=code)
    withheld = await rows_of(request, "withheld", code=code)
    page = render(request, "public/restaurant.html", row=rows[0], stills=stills, withheld=withheld, said=said)
    return _cached(request, page)


@router.get("/restaurant/{code}/still/{camera}.jpg")
async def still(request: Request, code: str, camera: str) -> Response:
    """The newest blurred still; where blurring failed there is none."""
    rows = await rows_of(request, "still", code=code, camera=camera)
    if not rows:
        raise HTTPException(404)
    headers = {**CACHE, "ETag": f'"{rows[0]["sha256"][:16]}"'}
    return Response(bytes(rows[0]["picture"]), media_type="image/jpeg", headers=headers)


@router.get("/search")
async def search(request: Request, q: str = "") -> HTMLResponse:
    words = q.strip()[:80]
    like = "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    rows = await rows_of(request, "search", words=words, like=like) if words else []
    return render(request, "public/search.html", rows=rows, q=words)


@router.post("/{kind}/{code}/report", dependencies=[Depends(same_origin)])
async def report(
    request: Request,
    kind: str,
    code: str,
    body: Annotated[str, Form()],
    contact: Annotated[str, Form()] = "",
) -> Response:
    """A report about a lift or a restaurant, without an account."""
    if kind not in ("lift", "restaurant"):
        raise HTTPException(404)
    await reports.take(request, kind, code, body, contact)
    lang = f"&lang={request.query_params['lang']}" if "lang" in request.query_params else ""
    return RedirectResponse(f"/{kind}/{code}?said=done{lang}", 303)


@router.get("/open-data")
async def open_data(request: Request) -> HTMLResponse:
    return render(request, "public/open_data.html", columns=COLUMNS)


@router.get("/open-data/rescues.{kind}")
async def open_rescues(request: Request, kind: str) -> Response:
    """Rescues by month and town, as CSV or JSON (CC BY 4.0)."""
    now = datetime.now(UTC)
    rows = await rows_of(request, "open_rescues", year=now - YEAR, now=now)
    if kind == "json":
        return JSONResponse({"licence": "CC-BY-4.0", "rows": rows}, headers=CACHE)
    if kind != "csv":
        raise HTTPException(404)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=CACHE)


def _cached(request: Request, page: HTMLResponse) -> Response:
    """Lets browsers and caches keep a page for half a minute and ask again cheaply."""
    # A signed-in viewer's name stands in the page: such a page is nobody else's.
    if getattr(request.state, "viewer", None) is not None:
        return page
    tag = f'"{hashlib.sha256(bytes(page.body)).hexdigest()[:16]}"'
    page.headers.update({**CACHE, "ETag": tag, "Vary": "Accept-Language"})
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**CACHE, "ETag": tag})
    return page
