"""Search for a lift or a restaurant, by name, place, address, town or code."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.public.addresses import page_number, tidy
from api.public.asked import for_everybody, rows_of

router = APIRouter()
ON_A_PAGE = 20
KINDS = ("lift", "restaurant")


@router.get("/search")
async def search(request: Request, q: str = "", kind: str = "", page: str = "") -> HTMLResponse:
    """What was found, a page of it. Every word of `q` must be there; `kind` narrows to lifts or restaurants."""
    words = tidy({"q": q}).get("q", "")
    of, number = kind if kind in KINDS else "", page_number(page)
    rows = []
    if words:
        rows = await rows_of(
            request,
            "search",
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


def _plain(word: str) -> str:
    """A word whose signs mean nothing to LIKE."""
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
