"""Who is on duty now and in the next seven days, and who can be reached. Changed by `sunlit roster`; read only here."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.i18n import LOCAL, text
from api.oversight.duty_strip import DAYS, Week, week
from api.oversight.scope import towns_of
from api.page import language_of, render
from contracts.kinds import OrganisationKind, Role
from contracts.roster import Pattern, Roster, Substitute, Turn
from runtime.db import AsyncConnection, Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "rosters.sql")
SHARED = Queries("api.oversight")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]
ON_A_PAGE = 25
KINDS = tuple(
    kind.value
    for kind in (
        OrganisationKind.CITY_RESCUE,
        OrganisationKind.AMBULANCE,
        OrganisationKind.RESCUE_STATION,
        OrganisationKind.MAINTENANCE,
        OrganisationKind.GRID_OFFICE,
        OrganisationKind.BUREAU,
        OrganisationKind.PROPERTY,
    )
)


class Shown(NamedTuple):
    """An organisation, its week, and who is there now (names only for who may see them)."""

    row: Mapping[str, Any]
    week: Week | None
    people: list[tuple[str, datetime, bool]]


@router.get("/oversight/rosters")
async def rosters(
    request: Request,
    viewer: Regulator,
    kind: str = "",
    town: str = "",
    holes: bool = False,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Organisations of the viewer's towns and those for the whole city. Names of people are for admins."""
    now = datetime.now(LOCAL)
    start = datetime.combine(now.date(), time.min, LOCAL)
    towns = towns_of(viewer)
    values = {
        "kinds": list(KINDS),
        "kind": kind if kind in KINDS else "",
        "towns": towns,
        "town": town,
        "holes": holes,
        "now": now,
        "end": start + timedelta(days=DAYS),
        "limit": ON_A_PAGE,
        "skip": (page - 1) * ON_A_PAGE,
    }
    async with request.app.state.pool.connection() as connection:
        organisations = await (await connection.execute(QUERIES["organisations"], values)).fetchall()
        names = await (await connection.execute(SHARED["town_names"], {"towns": towns})).fetchall()
        known, people, calendar = await _known(connection, organisations, start)
    language = language_of(request)
    shown = [
        _shown(row, known[row["id"]], people, calendar, start, now, language, viewer.has(Role.ADMIN))
        for row in organisations
    ]
    of = organisations[0]["of"] if organisations else 0
    return render(
        request,
        "oversight/rosters.html",
        shown=shown,
        without=[one for one in shown if one.week is None],
        kinds=KINDS,
        kind=kind,
        towns=names,
        town=town,
        holes=holes,
        page=page,
        more=page * ON_A_PAGE < of,
        of=of,
        named=viewer.has(Role.ADMIN),
    )


async def _known(
    connection: AsyncConnection, organisations: list[dict[str, Any]], start: datetime
) -> tuple[dict[int, Roster], dict[int, str], list[dict[str, Any]]]:
    """Rosters by organisation, names by person, and the days that are special."""
    numbers = [row["id"] for row in organisations]
    values = {
        "organisations": numbers,
        "begin": start - timedelta(days=1),
        "end": start + timedelta(days=DAYS + 1),
        "first": start.date() - timedelta(days=2),
        "last": start.date() + timedelta(days=DAYS + 1),
    }
    rows: dict[str, dict[Any, list[dict[str, Any]]]] = {}
    for name in ("patterns", "shifts", "substitutes", "calendar"):
        rows[name] = defaultdict(list)
        for row in await (await connection.execute(QUERIES[name], values)).fetchall():
            rows[name][row["organisation"]].append(row)
    lines = [row for name in ("patterns", "shifts", "substitutes") for part in rows[name].values() for row in part]
    numbers = sorted({row["person"] for row in lines} | {row["substitute"] for row in lines if row.get("substitute")})
    people = await (await connection.execute(QUERIES["people"], {"people": numbers})).fetchall()
    gone = {row["id"] for row in people if not row["active"]}
    calendar = [row for part in rows["calendar"].values() for row in part]
    known = {
        row["id"]: Roster(
            organisation=row["id"],
            zone=row["zone"],
            promised=row["promised"],
            patterns=msgspec.convert(rows["patterns"][row["id"]], type=list[Pattern]),
            shifts=msgspec.convert(rows["shifts"][row["id"]], type=list[Turn]),
            substitutes=msgspec.convert(rows["substitutes"][row["id"]], type=list[Substitute]),
            gone=gone,
            days={one["day"]: one["works_as"] for one in calendar if one["organisation"] in (None, row["id"])},
        )
        for row in organisations
    }
    return known, {row["id"]: row["name"] for row in people}, calendar


def _shown(
    row: dict[str, Any],
    roster: Roster,
    people: Mapping[int, str],
    calendar: list[dict[str, Any]],
    start: datetime,
    now: datetime,
    language: str,
    named: bool,
) -> Shown:
    if not (roster.promised or roster.patterns or roster.shifts):
        return Shown(row, None, [])
    holidays = {
        (one["day"] - start.date()).days: one[f"name_{language}"]
        for one in calendar
        if one["organisation"] in (None, row["id"]) and 0 <= (one["day"] - start.date()).days < DAYS
    }
    label = text(language, "rosters.strip", name=row[f"name_{language}"], days=DAYS)
    found = week(roster, start, now, holidays, label)
    there = [
        (people.get(turn.person, "") if named else "", turn.end, turn.instead_of is not None) for turn in found.now
    ]
    return Shown(row, found, there)
