"""Lists of kitchens, lifts and rescues, and the queue of findings: one way to filter, sort, page and export them."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Viewer
from api.i18n import LOCAL, text
from api.oversight import risk
from api.oversight.cells import cells, heads, word
from api.oversight.listing import ON_A_PAGE, Asked, Listing, ask, format_of
from api.oversight.lists import FINDINGS, INCIDENTS, KITCHENS, LIFTS, TERMS
from api.oversight.scope import QUERIES as SHARED
from api.oversight.scope import Regulator, towns_of
from api.oversight.selection import BadSelection
from api.oversight.views import first_view, views_of
from api.page import language_of, render
from api.sheets import IN_A_FILE, TUNED, read, sheet
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "lists.sql")
IN_NOTHING = frozenset({"lang", "said"})
"""parameters of an address that ask nothing of a list"""


@router.get(KITCHENS.path)
async def kitchens(request: Request, viewer: Regulator) -> Response:
    """Every kitchen in use; the address says filters, order and page, and with `format` it is a file."""
    return await _list(request, viewer, KITCHENS)


@router.get(LIFTS.path)
async def lifts(request: Request, viewer: Regulator) -> Response:
    """Every lift in use, in the same way."""
    return await _list(request, viewer, LIFTS)


@router.get(INCIDENTS.path)
async def incidents(request: Request, viewer: Regulator) -> Response:
    """Every rescue, in the same way."""
    return await _list(request, viewer, INCIDENTS)


@router.get(FINDINGS.path)
async def findings(request: Request, viewer: Regulator) -> Response:
    """The queue of findings: the weightiest first, then what is due first."""
    return await _list(request, viewer, FINDINGS)


def asked_of(of: Listing, asked: Any) -> Asked:
    """What an address asks for. Raises HTTPException."""
    try:
        return ask(of, asked)
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error


def values_of(viewer: Viewer, asked: Asked, limit: int, skip: int = 0) -> dict[str, object]:
    """The values of a list's statement, narrowed to the viewer's towns."""
    return {
        **asked.sql(),
        **risk.points(TERMS[asked.of.name]),
        "towns": towns_of(viewer),
        "me": viewer.person_id,
        "limit": limit,
        "skip": skip,
    }


async def rows_of(request: Request, viewer: Viewer, asked: Asked, limit: int, skip: int = 0) -> list[dict[str, Any]]:
    """Some rows of a list; each says in `of_all` how many there are."""
    async with request.app.state.pool.connection() as connection, connection.transaction():
        await connection.execute(TUNED)
        cursor = await connection.execute(QUERIES[asked.of.name], values_of(viewer, asked, limit, skip))
        rows: list[dict[str, Any]] = await cursor.fetchall()
        return rows


async def _list(request: Request, viewer: Viewer, of: Listing) -> Response:
    if not request.query_params.keys() - IN_NOTHING:
        first = await first_view(request, viewer, of)
        if first:
            lang = f"&lang={language_of(request)}" if "lang" in request.query_params else ""
            return RedirectResponse(f"{of.path}?{first}{lang}", 303)
    asked = asked_of(of, request.query_params)
    language = language_of(request)
    words = partial(text, language)
    try:
        file = format_of(request.query_params)
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error
    if file:
        pool, values = request.app.state.file_pool, values_of(viewer, asked, IN_A_FILE)
        rows = read(pool, QUERIES[of.name], values)
        name = f"{of.name}-{datetime.now(LOCAL):%Y-%m-%d}"
        row = partial(cells, columns=of.columns, language=language, words=words)
        return await sheet(file, name, heads(of.columns, words), rows, row)
    shown = await rows_of(request, viewer, asked, ON_A_PAGE, (asked.page - 1) * ON_A_PAGE)
    return render(
        request,
        "oversight/list.html",
        of=of,
        asked=asked,
        rows=shown,
        total=shown[0]["of_all"] if shown else 0,
        on_a_page=ON_A_PAGE,
        in_a_file=IN_A_FILE,
        word=partial(word, words),
        reasons=partial(risk.reasons, terms=TERMS[of.name]),
        views=await views_of(request, viewer, of),
        choices=await _choices(request, viewer, of),
        said=request.query_params.get("said", ""),
        today=datetime.now(UTC).astimezone(LOCAL).date(),
    )


async def _choices(request: Request, viewer: Viewer, of: Listing) -> dict[str, list[dict[str, Any]]]:
    """What stands in the database to choose from, by the kind of a filter."""
    kinds = {field.kind for field in of.filters}
    values = {"towns": towns_of(viewer)}
    statements = {"town": SHARED["town_names"], "unit": QUERIES["unit_names"], "kind": QUERIES["kinds"]}
    async with request.app.state.pool.connection() as connection:
        return {
            kind: await (await connection.execute(statement, values)).fetchall()
            for kind, statement in statements.items()
            if kind in kinds
        }
