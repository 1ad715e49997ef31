"""The video patrol: several kitchens of the own towns side by side, for a reason that is asked for once."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access import Viewer, viewer_of
from api.live.leases import LONGEST_S
from api.media.mint import ask, asked
from api.page import render, with_player
from contracts.kinds import Role
from runtime.db import Queries

router = APIRouter(prefix="/live/patrol")
QUERIES = Queries("api.live", "patrol.sql")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR))]
PATROL = "patrol"
MOST, LISTED = 9, 60
GRIDS = (1, 4, 9)
Code = Annotated[str, Query(max_length=100)]


@router.get("")
async def patrol(
    request: Request,
    viewer: Regulator,
    camera: Annotated[list[Code] | None, Query(max_length=50)] = None,
    town: Annotated[str, Query(max_length=40)] = "",
    words: Annotated[str, Query(max_length=100)] = "",
    grid: int = 4,
    look: Annotated[str, Query(max_length=1000)] = "",
) -> HTMLResponse:
    """Chooses cameras; once the reason has been said, shows them. The choice stands in the address, the reason not."""
    chosen = list(dict.fromkeys(camera or []))[:MOST]
    mine = await _cameras(request, viewer, chosen=chosen) if chosen else []
    given = await asked(request, viewer, PATROL, look)
    size = grid if grid in GRIDS else 4
    if given is not None and mine:
        again = address(chosen, size)
        page = render(request, "live/patrol.html", cameras=mine, given=given, grid=size, grids=GRIDS, again=again)
        return with_player(request, page)
    listed = await _cameras(request, viewer, town=town, words=" ".join(words.split()))
    async with request.app.state.pool.connection() as connection:
        towns = await (await connection.execute(QUERIES["towns"], {"towns": viewer.towns(Role.REGULATOR)})).fetchall()
    others = [row for row in mine if row["code"] not in {other["code"] for other in listed}]
    return render(
        request,
        "live/choose.html",
        cameras=[*others, *listed],
        chosen={row["code"] for row in mine},
        towns=towns,
        town=town,
        words=words,
        grid=size,
        grids=GRIDS,
        most=MOST,
        full=len(listed) == LISTED,
        late=bool(look),
    )


@router.post("")
async def begin(request: Request, viewer: Regulator) -> Response:
    """The reason, for all of the chosen cameras; each look through one of them is logged with it."""
    form = await request.form()
    chosen = list(dict.fromkeys(str(code)[:100] for code in form.getlist("camera")))
    if not 1 <= len(chosen) <= MOST:
        raise HTTPException(422, f"camera: {len(chosen)}, expected 1 to {MOST}")
    if len(await _cameras(request, viewer, chosen=chosen)) != len(chosen):
        raise HTTPException(404)
    given = await ask(request, viewer, Role.REGULATOR, PATROL, str(form.get("reason", "")), LONGEST_S)
    grid = str(form.get("grid", ""))
    lang = str(request.query_params.get("lang", ""))
    where = address(chosen, int(grid) if grid in map(str, GRIDS) else 4, given.sealed, lang)
    return RedirectResponse(where, 303)


def address(chosen: list[str], grid: int, look: str = "", lang: str = "") -> str:
    """A patrol that can be kept as a bookmark; with `look` while its reason holds."""
    pairs = [*(("camera", code) for code in chosen), ("grid", str(grid))]
    pairs += [("look", look)] if look else []
    pairs += [("lang", lang)] if lang in ("zh", "en") else []
    return f"/live/patrol?{urlencode(pairs)}"


async def _cameras(
    request: Request, viewer: Viewer, *, chosen: list[str] | None = None, town: str = "", words: str = ""
) -> list[dict[str, Any]]:
    values = {
        "towns": viewer.towns(Role.REGULATOR),
        "chosen": chosen,
        "town": town,
        "words": words,
        "limit": MOST if chosen else LISTED,
    }
    async with request.app.state.pool.connection() as connection:
        rows: list[dict[str, Any]] = await (await connection.execute(QUERIES["cameras"], values)).fetchall()
    # Chosen ones stand as they were chosen.
    return sorted(rows, key=lambda row: chosen.index(row["code"])) if chosen else rows
