"""Signing in and out."""

import secrets
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import COOKIE, digest, same_origin, viewer
from api.page import render
from api.sql import QUERIES
from contracts.kinds import Role

router = APIRouter()
HASHER = PasswordHasher()
# Verified against when there is no such person, so that both take the same time.
NOBODY = HASHER.hash(secrets.token_hex(8))
FREE_TRIES, FIRST_LOCK_S = 5, 15
HOME = {Role.OPERATOR: "/board", Role.REGULATOR: "/oversight", Role.OWNER: "/kitchen", Role.ADMIN: "/board"}


@router.get("/login")
async def login_page(request: Request, back: str = "") -> HTMLResponse:
    await viewer(request)
    return render(request, "login.html", back=_inside(back), fault="")


@router.post("/login", dependencies=[Depends(same_origin)])
async def login(
    request: Request,
    login: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=500)],
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Opens a session with a new token; after five failures the next tries wait, longer each time."""
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(QUERIES["failures"], {"login": login})
        failed = await cursor.fetchone()
        wait = lock_s(failed["n"])
        if failed["last"] and (failed["now"] - failed["last"]).total_seconds() < wait:
            return render(request, "login.html", 429, back=_inside(back), fault="login.locked")
        cursor = await connection.execute(QUERIES["person_by_login"], {"login": login})
        person = await cursor.fetchone()
        good = await run_in_threadpool(_verify, person["password_hash"] if person else None, password)
        await connection.execute(QUERIES["attempt"], {"login": login, "ok": good})
        if not good or not person:
            return render(request, "login.html", 401, back=_inside(back), fault="login.wrong")
        token = secrets.token_urlsafe(32)
        values = {"token": digest(token), "person": person["id"], "csrf": secrets.token_urlsafe(24)}
        await connection.execute(QUERIES["session_open"], values)
        cursor = await connection.execute(QUERIES["grants"], {"person": person["id"]})
        roles = [Role(grant["role"]) for grant in await cursor.fetchall()]
    home = next((address for role, address in HOME.items() if role in roles), "/")
    answer = RedirectResponse(_inside(back) or home, 303)
    secure = request.app.state.settings.api.secure_cookies
    answer.set_cookie(COOKIE, token, max_age=43_200, httponly=True, samesite="lax", secure=secure)
    return answer


@router.post("/logout", dependencies=[Depends(same_origin)])
async def logout(request: Request) -> Response:
    token = request.cookies.get(COOKIE, "")
    async with request.app.state.pool.connection() as connection:
        await connection.execute(QUERIES["session_close"], {"token": digest(token)})
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE)
    return answer


def lock_s(failures: int) -> int:
    """How long after the last of `failures` failures the next try must wait."""
    return 0 if failures < FREE_TRIES else min(900, FIRST_LOCK_S * 2 ** (failures - FREE_TRIES))


def _verify(kept: str | None, password: str) -> bool:
    try:
        return HASHER.verify(kept or NOBODY, password) and kept is not None
    except VerificationError:
        return False


def _inside(back: str) -> str:
    """Only an address of this site may be led back to."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else ""
