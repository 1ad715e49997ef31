"""Opening a session, and where it leads."""

import re
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import digest
from api.doors import cookie
from api.doors.browser import browser
from api.page import keep_language, render
from contracts.kinds import Role
from runtime.db import AsyncConnection, Queries

QUERIES = Queries("api.doors")
HOME = {Role.OPERATOR: "/board", Role.REGULATOR: "/oversight", Role.OWNER: "/kitchen", Role.ADMIN: "/board"}
INSIDE = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def inside(back: str) -> str:
    """Only an address of this site may be led back to: no other host, no signs that a browser reads differently."""
    return back if INSIDE.fullmatch(back) and not back.startswith(("/login", "/logout")) else ""


async def roles_of(connection: AsyncConnection, person: int) -> set[Role]:
    """What a person may be, wherever."""
    rows = await (await connection.execute(QUERIES["roles"], {"person": person})).fetchall()
    return {Role(row["role"]) for row in rows}


async def come_in(request: Request, connection: AsyncConnection, person: dict[str, Any], back: str) -> Response:
    """Opens a session and leads to where the person wanted to go, or home."""
    home = home_of(await roles_of(connection, person["id"]))
    answer = RedirectResponse(keep_language(request, inside(back) or home), 303)
    await open_session(request, connection, person["id"], answer)
    return answer


async def open_session(request: Request, connection: AsyncConnection, person: int, answer: Response) -> None:
    """Opens a session with a token that nobody had before; what the browser held until then ends."""
    hours = request.app.state.settings.api.session_hours
    token = secrets.token_urlsafe(32)
    old = cookie.token_of_cookie(request)
    if old:
        await connection.execute(QUERIES["session_close"], {"token": digest(old)})
    values = {
        "token": digest(token),
        "person": person,
        "csrf": secrets.token_urlsafe(24),
        "browser": browser(request.headers.get("user-agent", "")),
        "hours": hours,
    }
    await connection.execute(QUERIES["session_open"], values)
    cookie.put(request, answer, token, hours * 3600)
    if cookie.token_of_cookie(request, cookie.PASS_COOKIE):
        cookie.drop(request, answer, cookie.PASS_COOKIE)


def home_of(roles: Collection[Role]) -> str:
    """The page that a person begins with."""
    return next((address for role, address in HOME.items() if role in roles), "/account")


async def fresh_token(request: Request, connection: AsyncConnection, session: int, answer: Response) -> None:
    """Whoever has changed how to come in goes on with a token that nobody can have copied before."""
    token = secrets.token_urlsafe(32)
    await connection.execute(QUERIES["session_swap"], {"new": digest(token), "session": session})
    cookie.put(request, answer, token, request.app.state.settings.api.session_hours * 3600)


def login_form(request: Request, status: int, back: str, **words: Any) -> HTMLResponse:
    """The page that asks for login and password."""
    oidc = request.app.state.settings.oidc
    provider = {"zh": oidc.label_zh, "en": oidc.label_en} if oidc.issuer else None
    context = {"fault": "", "until": None, "said": "", **words}
    return render(request, "login.html", status, back=inside(back), provider=provider, **context)


def locked(request: Request, until: datetime, back: str) -> HTMLResponse:
    """The same, with the time before which nothing is looked at."""
    answer = login_form(request, 429, back, fault="login.locked", until=until)
    answer.headers["Retry-After"] = str(max(1, int((until - datetime.now(UTC)).total_seconds()) + 1))
    return answer
