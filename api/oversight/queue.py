"""The way through the queue: from a finding to the next one of the list that somebody came from."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

from fastapi import HTTPException, Request

from api.access import Viewer
from api.oversight.list_pages import rows_of
from api.oversight.listing import ask
from api.oversight.lists import FINDINGS
from api.oversight.selection import BadSelection

LONGEST = 1_000
"""findings that are looked through for one's neighbours"""


class Queue(NamedTuple):
    """Where a finding stands in a list, from 1; 0: it is no longer in it."""

    query: str
    place: int
    total: int
    before: str
    after: str

    def link(self, number: str) -> str:
        return f"/oversight/finding/{number}?queue={quote(self.query, safe='')}"


async def queue_at(request: Request, viewer: Viewer, number: str) -> Queue | None:
    """The neighbours of a finding; of one that has left the list, what comes first in it now."""
    if "queue" not in request.query_params:
        return None
    query = request.query_params["queue"][:1000]
    try:
        asked = ask(FINDINGS, dict(parse_qsl(query)))
    except BadSelection as error:
        raise HTTPException(422, f"queue: {error}") from error
    rows: list[dict[str, Any]] = await rows_of(request, viewer, asked, LONGEST)
    numbers = [str(row["number"]) for row in rows]
    total = rows[0]["of_all"] if rows else 0
    if number not in numbers:
        return Queue(query, 0, total, "", numbers[0] if numbers else "")
    at = numbers.index(number)
    return Queue(
        query,
        at + 1,
        total,
        numbers[at - 1] if at else "",
        numbers[at + 1] if at + 1 < len(numbers) else "",
    )


def queue_of(request: Request) -> dict[str, str]:
    """The queue that an address names, to be kept in the next one."""
    return {"queue": request.query_params["queue"][:1000]} if "queue" in request.query_params else {}


def inside(back: str) -> str:
    """Only a list of findings may be led back to."""
    return back if back == FINDINGS.path or back.startswith(f"{FINDINGS.path}?") else ""
