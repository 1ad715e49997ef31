"""The targets of the work plan: what was reached, of how many, with its interval, and by town."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.i18n import text
from api.oversight.cells import word
from api.oversight.counts import kinds_of, town_rows
from api.oversight.figures import share
from api.oversight.kpis import LATER, kpis, together
from api.oversight.scope import Regulator
from api.page import language_of, render
from api.paired_charts import whisker

router = APIRouter()


@router.get("/oversight/kpis")
async def targets(request: Request, viewer: Regulator) -> HTMLResponse:
    """Of the last 30 days and of now, in the viewer's towns."""
    rows = await town_rows(request, viewer)
    kinds = await kinds_of(request, viewer)
    return render(
        request,
        "oversight/kpis.html",
        whole=kpis(together(rows)),
        by_town=[(row, kpis(row)) for row in rows if row["lifts"] or row["kitchens"]],
        kinds=[(row, share(row["open_kitchens"], row["kitchens"] - row["open_kitchens"])) for row in kinds],
        word=partial(word, partial(text, language_of(request))),
        whisker=whisker,
        later=LATER,
    )
