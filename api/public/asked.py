"""What every public page does: ask under the public role, and say that it is for everybody."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.page import render
from runtime.db import Queries

QUERIES = Queries("api.public")
CACHE = {"Cache-Control": "public, max-age=30"}


async def rows_of(request: Request, name: str, **values: object) -> list[dict[str, Any]]:
    """Rows of a statement under the public role, which reads `public_*` views and nothing else."""
    async with request.app.state.public_pool.connection() as connection:
        rows: list[dict[str, Any]] = await (await connection.execute(QUERIES[name], values)).fetchall()
        return rows


def for_everybody(request: Request, template: str, **context: Any) -> HTMLResponse:
    """A page that everybody sees alike, so that it may be kept (api.public.cache)."""
    page = render(request, template, **context)
    # A signed-in viewer's name stands in the page: such a page is nobody else's.
    if getattr(request.state, "viewer", None) is None:
        page.headers.update(CACHE)
    return page
