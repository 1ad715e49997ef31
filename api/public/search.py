"""Search for a lift or a restaurant, by name, place, address, town or code."""

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from api.public.addresses import page_number, tidy
from api.public.asked import for_everybody, rows_of

router = APIRouter()
ON_A_PAGE = 20
KINDS = ("lift", "restaurant")
AT_ONCE, WAITING = 2, 30
"""searches that read the whole register side by side, and how many may wait: the rescue desk has the same database"""


@router.get("/search")
async def search(request: Request, q: str = "", kind: str = "", page: str = "") -> HTMLResponse:
    """What was found, a page of it. Every word of `q` must be there; `kind` narrows to lifts or restaurants."""
    words = tidy({"q": q}).get("q", "")
    of, number = kind if kind in KINDS else "", page_number(page)
    rows = []
    if words:
        rows = await _in_turn(
            request,
            words=words,
            likes=[f"%{_plain(word)}%" for word in words.split()],
            first=f"{_plain(words)}%",
            kind=of,
            limit=ON_A_PAGE,
            skip=(number - 1) * ON_A_PAGE,
        )
    of_all = rows[0]["of_all"] if rows else 0
    return for_everybody(
        request,
        "public/search.html",
        rows=rows,
        q=words,
        kind=of,
        kinds=KINDS,
        page=number,
        pages=-(-of_all // ON_A_PAGE),
        of_all=of_all,
    )


class Turns:
    """Who searches now, and how many wait; of one application."""

    def __init__(self) -> None:
        self.free, self.asked = asyncio.Semaphore(AT_ONCE), 0


async def _in_turn(request: Request, **values: object) -> list[dict[str, Any]]:
    """What is found, when it is one's turn. Raises 429 where too many wait."""
    state = request.app.state
    if not hasattr(state, "turns"):
        state.turns = Turns()
    turns: Turns = state.turns
    if turns.asked >= AT_ONCE + WAITING:
        raise HTTPException(429, "searches: too many at once", headers={"Retry-After": "5"})
    turns.asked += 1
    try:
        async with turns.free:
            return await rows_of(request, "search", **values)
    finally:
        turns.asked -= 1


def _plain(word: str) -> str:
    """A word whose signs mean nothing to LIKE."""
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
