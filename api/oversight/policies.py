"""Which policies hold, who activated them when, what they say in words, and how two versions differ. Read only."""

import json
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.i18n import text
from api.oversight.policy_file import as_toml
from api.oversight.policy_words import Say, beside, sections
from api.page import language_of, render
from contracts.kinds import Role
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "policies.sql")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]
KINDS = ("lift", "kitchen", "fault")
Version = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/oversight/policies")
async def policies(request: Request, _: Regulator) -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        versions = await (await connection.execute(QUERIES["versions"])).fetchall()
        under_way = await (await connection.execute(QUERIES["under_way"])).fetchall()
    open_of = {row["policy_id"]: row["n"] for row in under_way}
    by_kind = {kind: [row for row in versions if row["kind"] == kind] for kind in KINDS}
    return render(request, "oversight/policies.html", by_kind=by_kind, open_of=open_of)


@router.get("/oversight/policies/{kind}/{version}")
async def policy(
    request: Request, kind: str, version: int, _: Regulator, against: Version | None = None, format: str = ""
) -> Response:
    """One version in words, beside another where `against` names one; `format=toml` and `json` give the file."""
    row = await _body(request, kind, version)
    if format in ("toml", "json"):
        body = {key: value for key, value in row["body"].items() if key != "version"}
        content = as_toml(body) if format == "toml" else json.dumps(body, ensure_ascii=False, indent=1)
        name = f"{kind}-{row['version']}.{format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=f"application/{format}; charset=utf-8", headers=headers)
    language = language_of(request)
    say = Say(partial(text, language), language)
    before = await _body(request, kind, against) if against is not None else None
    async with request.app.state.pool.connection() as connection:
        versions = await (await connection.execute(QUERIES["versions"])).fetchall()
    after = sections(row["body"], say)
    pairs = beside(sections(before["body"], say), after) if before else []
    return render(
        request,
        "oversight/policy.html",
        row=row,
        before=before,
        sections=after,
        pairs=pairs,
        changes=sum(pair.changed for _, lines in pairs for pair in lines),
        versions=[one for one in versions if one["kind"] == kind],
    )


async def _body(request: Request, kind: str, version: int) -> dict[str, Any]:
    if kind not in KINDS or not 1 <= version < 2**31:
        raise HTTPException(404)
    async with request.app.state.pool.connection() as connection:
        values = {"kind": kind, "version": version}
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["body"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row
