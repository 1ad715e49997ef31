"""Query parameters that several routes take."""

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from api.tokens import Caller
from api.v1.door import wrong
from api.v1.paging import MOST, USUAL, Mark, mark

Since = Annotated[AwareDatetime | None, Query(description="opened at or after this instant, ISO 8601 with its zone")]
Until = Annotated[AwareDatetime | None, Query(description="opened before this instant, ISO 8601 with its zone")]
Town = Annotated[str, Query(max_length=64, description="code of one town of those that the token reaches")]
After = Annotated[str, Query(max_length=40, description="`next` of the page before; without it the first page")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="rows on a page")]
Short = Annotated[str, Query(max_length=64)]
LIMIT = USUAL


def begin(after: str) -> Mark:
    """Where the page begins. Raises HTTPException."""
    found = mark(after)
    if found is None:
        raise wrong("after", after, "the `next` of an earlier page")
    return found


def towns_of(caller: Caller, town: str) -> list[str] | None:
    """The towns that are asked for, of those that the token reaches; None: all. Raises HTTPException."""
    known = caller.towns()
    if not town:
        return known
    if known is not None and town not in known:
        raise wrong("town", town, f"one of {', '.join(known)}")
    return [town]


def one_of(field: str, value: str, known: tuple[str, ...]) -> str:
    """A value of a closed list, or empty. Raises HTTPException."""
    if value and value not in known:
        raise wrong(field, value, f"one of {', '.join(known)}")
    return value
