"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import digest, same_origin, viewer
from api.doors import attempts, cookie, passwords, second_door
from api.doors.entry import QUERIES, locked, login_form

router = APIRouter()
HASHER = passwords.HASHER
SAID = ("ended", "welcome")


@router.get("/login")
async def login_page(request: Request, back: str = "", said: str = "") -> HTMLResponse:
    said = said if said in SAID else ""
    await viewer(request)
    return login_form(request, 200, back, said=said)


@router.post("/login", dependencies=[Depends(same_origin)])
async def login(
    request: Request,
    login: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=passwords.LONGEST)],
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Opens a session with a new token; after some failures the next tries wait, longer each time."""
    pool = request.app.state.pool
    async with pool.connection() as connection:
        tried = await attempts.begin(connection, request, login)
        if tried.until:
            return locked(request, tried.until, back)
        person = await (await connection.execute(QUERIES["person_by_login"], {"login": login})).fetchone()
    # Argon2 takes its time: no connection is held meanwhile.
    good = await run_in_threadpool(passwords.verify, person["password_hash"] if person else None, password)
    if not good or not person:
        return login_form(request, 401, back, fault="login.wrong")
    if passwords.outdated(person["password_hash"]):
        newer = await run_in_threadpool(HASHER.hash, password)
        async with pool.connection() as connection:
            await connection.execute(QUERIES["password_set"], {"hash": newer, "person": person["id"]})
    async with pool.connection() as connection:
        return await second_door.after_password(request, connection, tried, person, back)


@router.post("/logout", dependencies=[Depends(same_origin)])
async def logout(request: Request) -> Response:
    token = cookie.token_of_cookie(request)
    async with request.app.state.pool.connection() as connection:
        await connection.execute(QUERIES["session_close"], {"token": digest(token)})
    answer = RedirectResponse("/", 303)
    cookie.drop(request, answer)
    return answer
