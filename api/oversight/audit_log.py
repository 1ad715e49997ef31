"""Looking things up in the audit log: who looked at what, who changed what, and why. The look is a line of its own."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from psycopg.types.json import Jsonb

from api.access import Viewer, viewer_of
from api.csv_file import csv_file
from api.i18n import LOCAL
from api.oversight.audit_sql import QUERIES
from api.oversight.audit_words import ACTIONS, KINDS
from api.oversight.scope import towns_of
from api.page import render
from api.sql import QUERIES as SHARED
from contracts.kinds import Role
from runtime.db import AsyncConnection

router = APIRouter()
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]
PATH = "/oversight/audit"
ON_A_PAGE, IN_A_FILE = 100, 100_000
COLUMNS = ("id", "at", "actor", "action", "object", "reason")
Words = Annotated[str, Query(max_length=100)]


class Search(NamedTuple):
    """What the address asks for."""

    person: str = ""
    action: str = ""
    about: str = ""
    words: str = ""
    start: str = ""
    end: str = ""

    def address(self, language: str, **more: object) -> str:
        """A link to the same, with some of it changed."""
        known = {"person": self.person, "action": self.action, "object": self.about, "words": self.words}
        asked = {**known, "from": self.start, "to": self.end, "lang": language, **more}
        return f"{PATH}?{urlencode({name: value for name, value in asked.items() if value})}"

    def values(self) -> dict[str, object]:
        """For the statement. Days are the city's, the last one included. Raises HTTPException."""
        start, end = _day("from", self.start), _day("to", self.end)
        until = datetime.combine(end + timedelta(days=1), time.min, LOCAL) if end else None
        return {
            "person": self.person.strip(),
            "action": self.action.strip(),
            "object": self.about.strip(),
            "words": self.words.strip(),
            "since": datetime.combine(start, time.min, LOCAL) if start else None,
            "until": until,
        }


@router.get(PATH)
async def audit_log(
    request: Request,
    viewer: Regulator,
    person: Words = "",
    action: Words = "",
    about: Annotated[str, Query(alias="object", max_length=100)] = "",
    words: Words = "",
    start: Annotated[str, Query(alias="from", max_length=10)] = "",
    end: Annotated[str, Query(alias="to", max_length=10)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    format: str = "",
) -> Response:
    """The newest first. An admin sees everything, a regulator what is about their towns and their own acts."""
    search = Search(person, action, about, words, start, end)
    as_file = format == "csv"
    values = {
        **search.values(),
        "everything": viewer.has(Role.ADMIN),
        "me": viewer.person_id,
        "towns": towns_of(viewer),
        "before": before,
        "limit": (IN_A_FILE if as_file else ON_A_PAGE) + 1,
    }
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["newest"], values)).fetchall()
        if before is None:
            await _note(connection, viewer, "audit_exported" if as_file else "audit_searched", search)
    if as_file:
        return csv_file([{name: row[name] for name in COLUMNS} for row in rows[:IN_A_FILE]], "audit.csv")
    language = request.query_params.get("lang", "")
    more = len(rows) > ON_A_PAGE
    return render(
        request,
        "oversight/audit.html",
        rows=rows[:ON_A_PAGE],
        search=search,
        actions=ACTIONS,
        kinds=KINDS,
        narrowed=not viewer.has(Role.ADMIN),
        older=search.address(language, before=rows[ON_A_PAGE - 1]["id"]) if more else "",
        newest=search.address(language) if before else "",
        file=search.address(language, format="csv"),
        calls=_calls,
    )


async def _note(connection: AsyncConnection, viewer: Viewer, action: str, search: Search) -> None:
    """One line for a search, however many pages of it are read."""
    asked = {name: value for name, value in search._asdict().items() if value}
    values = {"person": viewer.person_id, "actor": viewer.login, "action": action, "object": "audit", "reason": ""}
    await connection.execute(SHARED["audit"], {**values, "details": Jsonb(asked)})


def _calls(details: dict[str, Any]) -> int | None:
    """How many calls a program's line stands for."""
    counts = details.get("calls")
    return sum(counts.values()) if isinstance(counts, dict) else None


def _day(field: str, text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as fault:
        raise HTTPException(422, f"{field}: {text!r}, expected a day such as 2026-11-26") from fault
    if not 2000 <= found.year <= 2999:
        raise HTTPException(422, f"{field}: {text!r}, expected a day such as 2026-11-26")
    return found
