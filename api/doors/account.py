"""One's own account: password, second factor, and where one is signed in. Nobody else's is here."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Viewer, anybody_signed_in
from api.doors import attempts, cookie, passwords, second
from api.doors.acts import actor_of, note
from api.doors.entry import QUERIES, fresh_token
from api.doors.second_door import demanded_of
from api.page import keep_language, render
from runtime.db import AsyncConnection

router = APIRouter(prefix="/account")
Me = Annotated[Viewer, Depends(anybody_signed_in)]
Password = Annotated[str, Form(max_length=passwords.LONGEST)]
Code = Annotated[str, Form(max_length=40)]
Language = Annotated[Literal["zh", "en"], Form()]
SAID = ("password", "ended", "second_off", "language")


@router.get("")
async def account(request: Request, viewer: Me, said: str = "") -> HTMLResponse:
    """Who one is here, what one may do, and where one is signed in."""
    return await _page(request, viewer, 200, said=said if said in SAID else "")


@router.post("/password")
async def change_password(request: Request, viewer: Me, old: Password, new: Password, again: Password) -> Response:
    """Needs the old one; every other session ends, and this one goes on with a new token."""
    refused = await _checked(request, viewer, old)
    if refused:
        return refused
    fault = passwords.fault_of(new, viewer.login) or ("account.password_differs" if new != again else None)
    if fault or new == old:
        return await _page(request, viewer, 422, fault=fault or "account.password_same")
    kept = await run_in_threadpool(passwords.HASHER.hash, new)
    answer = RedirectResponse(keep_language(request, "/account?said=password"), 303)
    async with request.app.state.pool.connection() as connection, connection.transaction():
        await connection.execute(QUERIES["password_set"], {"person": viewer.person_id, "hash": kept})
        await _only_this(request, connection, viewer, answer)
        await note(connection, actor_of(viewer), "password_changed", f"person {viewer.person_id}")
    return answer


@router.post("/language")
async def choose_language(request: Request, viewer: Me, language: Language) -> Response:
    """The language of one's pages from now on; one chosen in the address goes before it."""
    async with request.app.state.pool.connection() as connection:
        await connection.execute(QUERIES["language_set"], {"person": viewer.person_id, "language": language})
    return RedirectResponse("/account?said=language", 303)


@router.post("/sessions")
async def end_sessions(request: Request, viewer: Me, which: Annotated[str, Form(max_length=20)]) -> Response:
    """Ends one session by its number, all `others`, or `all` with this one."""
    if which not in ("all", "others") and not (which.isascii() and which.isdigit() and len(which) < 18):
        raise HTTPException(404)
    async with request.app.state.pool.connection() as connection:
        if which == "all":
            await connection.execute(QUERIES["sessions_end"], {"person": viewer.person_id, "but": 0})
            answer = RedirectResponse(keep_language(request, "/login?said=ended"), 303)
            cookie.drop(request, answer)
            return answer
        answer = RedirectResponse(keep_language(request, "/account?said=ended"), 303)
        if which == "others":
            await _only_this(request, connection, viewer, answer)
            return answer
        values = {"person": viewer.person_id, "session": int(which)}
        if await (await connection.execute(QUERIES["session_end"], values)).fetchone() is None:
            raise HTTPException(404)
    return answer


@router.post("/second-factor")
async def begin_second(request: Request, viewer: Me, password: Password) -> Response:
    """Shows what an app of codes scans. Nothing is on before a code has come back."""
    refused = await _checked(request, viewer, password)
    return refused or await _enrol(request, viewer, second.begin)


@router.post("/second-factor/confirm")
async def confirm_second(request: Request, viewer: Me, code: Code) -> Response:
    """The first code turns it on; other sessions end, and the recovery codes are shown once."""
    async with request.app.state.pool.connection() as connection:
        tried = await attempts.begin(connection, request, viewer.login)
        if tried.until:
            return await _page(request, viewer, 429, fault="login.locked", until=tried.until)
        codes = await second.confirm(connection, viewer.person_id, code)
        if codes:
            await attempts.void(connection, tried)
            await note(connection, actor_of(viewer), "second_factor_on", f"person {viewer.person_id}")
            answer = render(request, "account/codes.html", codes=codes, on="/account")
            await _only_this(request, connection, viewer, answer)
            return answer
    return await _enrol(request, viewer, second.pending, 422, "account.code_wrong")


@router.post("/second-factor/off")
async def second_off(request: Request, viewer: Me, password: Password) -> Response:
    """Needs the password; where a role demands a second factor it stays."""
    refused = await _checked(request, viewer, password)
    if refused:
        return refused
    async with request.app.state.pool.connection() as connection:
        demanded = await demanded_of(request, connection, viewer.person_id)
        if not demanded and await second.drop(connection, viewer.person_id):
            await note(connection, actor_of(viewer), "second_factor_off", f"person {viewer.person_id}")
    if demanded:
        return await _page(request, viewer, 403, fault="account.second_demanded")
    return RedirectResponse(keep_language(request, "/account?said=second_off"), 303)


async def _checked(request: Request, viewer: Viewer, password: str) -> Response | None:
    """None when it is the person's password; otherwise what to answer. Guessing counts as at the sign-in."""
    async with request.app.state.pool.connection() as connection:
        tried = await attempts.begin(connection, request, viewer.login)
        row = await (await connection.execute(QUERIES["person"], {"person": viewer.person_id})).fetchone()
    if tried.until:
        return await _page(request, viewer, 429, fault="login.locked", until=tried.until)
    if row is None or not await run_in_threadpool(passwords.verify, row["password_hash"], password):
        return await _page(request, viewer, 401, fault="account.password_wrong")
    async with request.app.state.pool.connection() as connection:
        await attempts.void(connection, tried)
    return None


async def _only_this(request: Request, connection: AsyncConnection, viewer: Viewer, answer: Response) -> None:
    """Ends the other sessions; this one goes on with a new token."""
    await connection.execute(QUERIES["sessions_end"], {"person": viewer.person_id, "but": viewer.session})
    await fresh_token(request, connection, viewer.session, answer)


async def _enrol(request: Request, viewer: Viewer, find: second.Find, status: int = 200, fault: str = "") -> Response:
    async with request.app.state.pool.connection() as connection:
        made = await find(connection, viewer.person_id, viewer.login)
    if made is None:
        return RedirectResponse(keep_language(request, "/account"), 303)
    action = "/account/second-factor/confirm"
    return render(request, "account/enrol.html", status, made=made, action=action, fault=fault, demanded=False)


async def _page(request: Request, viewer: Viewer, status: int, **words: Any) -> HTMLResponse:
    idle = request.app.state.settings.api.idle_minutes
    async with request.app.state.pool.connection() as connection:
        values = {"person": viewer.person_id, "idle": idle}
        sessions = await (await connection.execute(QUERIES["sessions"], values)).fetchall()
        person = await (await connection.execute(QUERIES["person"], {"person": viewer.person_id})).fetchone()
        grants = await (await connection.execute(QUERIES["grants_told"], {"person": viewer.person_id})).fetchall()
        left = await second.codes_left(connection, viewer.person_id)
        demanded = await demanded_of(request, connection, viewer.person_id)
    context = {"said": "", "fault": "", "until": None, **words}
    has_password = bool(person and person["password_hash"])
    return render(
        request,
        "account/account.html",
        status,
        sessions=sessions,
        grants=grants,
        codes_left=left,
        demanded=demanded,
        has_password=has_password,
        **context,
    )
