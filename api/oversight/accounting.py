"""What became of every message, and who is not heard: worst first, never all of a city."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.charts import share_bar
from api.i18n import text
from api.oversight.scope import Regulator, towns_of
from api.page import language_of, render
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "accounting.sql")
SHOWN = 20
LISTS = ("streams", "gaps_open", "gaps_filled", "rejects", "strangers", "silences", "clocks")
PARTS = ("stored", "rejected", "lost", "missing")
INGEST_AWAY_S = 15


@router.get("/oversight/accounting")
async def accounting(request: Request, viewer: Regulator, device: str = "") -> HTMLResponse:
    """Published = stored + rejected + lost (+ under way or missing), and everything that is not as it should be.

    Narrowed to the devices of the viewer's towns; who speaks at a site of no town is the whole city's to look at.
    """
    skew_s = request.app.state.settings.ingest.clock_skew_s
    towns = towns_of(viewer)
    values = {"device": device.strip(), "limit": SHOWN, "skew_ms": round(1000 * skew_s), "towns": towns}
    async with request.app.state.pool.connection() as connection:
        totals = await (await connection.execute(QUERIES["totals"], values)).fetchone()
        counts = await (await connection.execute(QUERIES["counts"], values)).fetchone()
        lists: dict[str, Any] = {
            name: await (await connection.execute(QUERIES[name], values)).fetchall() for name in LISTS
        }
    totals["missing"] = totals["published"] - totals["stored"] - totals["rejected"] - totals["lost"]
    language = language_of(request)
    parts = [(text(language, f"accounting.{name}"), max(0, totals[name]), name) for name in PARTS]
    beat = counts["ingest_at"]
    return render(
        request,
        "oversight/accounting.html",
        totals=totals,
        counts=counts,
        bar=share_bar(parts, text(language, "accounting.equation")),
        device=values["device"],
        narrowed=towns is not None,
        skew_s=skew_s,
        deaf=beat is None or (datetime.now(UTC) - beat).total_seconds() > INGEST_AWAY_S,
        shown=SHOWN,
        **lists,
    )
