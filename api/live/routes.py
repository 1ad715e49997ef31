"""Pages and files of a live view, a playback and a clip."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse

from api import i18n
from api.live import leases
from api.live.guard import QUERIES, ACamera, ALease, AnOpenLease, AShownLease, Look, Looker, lease_for
from api.live.patrol import PATROL
from api.live.player import player
from api.live.playlist import playlist
from api.live.refusals import told
from api.live.rights import camera_of, reason_of, right_of
from api.media.mint import asked
from api.page import language_of, render, with_player
from contracts.kinds import Role

router = APIRouter(prefix="/live")
MODES = ("live", "playback", "clip")
LONGEST = timedelta(minutes=10)
PRIVATE = {"Cache-Control": "private, no-store"}
Number = Annotated[int, Path(ge=0, le=99_999_999)]


@router.get("")
async def cameras(request: Request, viewer: Looker) -> HTMLResponse:
    """Every camera that the viewer may look through now."""
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["cameras"], {"code": None})).fetchall()
    own = [camera for camera in map(camera_of, rows) if right_of(viewer, camera) is not None]
    return render(request, "live/cameras.html", cameras=own)


@router.get("/camera/{code}")
async def camera(request: Request, look: ACamera, said: str = "") -> HTMLResponse:
    """Asks for what and why, and shows who has looked lately."""
    async with request.app.state.pool.connection() as connection:
        looks = await (await connection.execute(QUERIES["looks"], {"device": look.camera.id})).fetchall()
    return render(
        request,
        "live/camera.html",
        camera=look.camera,
        needs_reason=not reason_of(look.role, look.camera, ""),
        looks=[{**row, "name": row["name"] if _may_know(look, row) else ""} for row in looks],
        said=said,
        local=datetime.now(i18n.LOCAL) - timedelta(minutes=5),
    )


def _may_know(look: Look, row: dict[str, Any]) -> bool:
    """Whether a name is shown. An owner learns of officials their role and reason (docs/kitchen-page.md)."""
    return look.role is not Role.OWNER or row["role"] == Role.OWNER


@router.post("/camera/{code}")
async def begin(request: Request, look: ACamera) -> Response:
    """Opens a lease: a reason, a mode, and for the past an interval of at most ten minutes.

    A player that asks for JSON is told all that it needs; a form is led to the page.
    """
    form = await request.form()
    mode = str(form.get("mode", ""))
    if mode not in MODES:
        raise HTTPException(422, f"mode: {mode!r}, expected one of {', '.join(MODES)}")
    about = f"finding {form['finding']}" if form.get("finding") else PATROL
    given = await asked(request, look.viewer, about, str(form.get("look", "")))
    reason = reason_of(look.role, look.camera, given.reason if given else str(form.get("reason", "")))
    if not reason:
        raise HTTPException(403, "reason: '', expected the reason for looking at unblurred video")
    span = None if mode == "live" else _span(str(form.get("start", "")), str(form.get("minutes", "")))
    identity = _uuid(str(form.get("command", "")))
    await leases.begin(request, look, mode, reason, span, identity)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(player(request, await lease_for(request, identity, look.viewer)), 201, headers=PRIVATE)
    return RedirectResponse(f"/live/{identity}{_lang(request)}", 303)


@router.get("/{lease}")
async def view(request: Request, lease: ALease) -> HTMLResponse:
    shown = player(request, lease)
    page = render(request, "live/view.html", camera=lease.look.camera, lease=lease.row, over=lease.over, player=shown)
    return with_player(request, page)


@router.get("/{lease}/state")
async def state(request: Request, lease: ALease) -> JSONResponse:
    """What the page waits for: how much has come, and what the edge says."""
    async with request.app.state.pool.connection() as connection:
        answer = await (await connection.execute(QUERIES["answer"], {"lease": str(lease.video)})).fetchone()
    store = leases.store_of(request.app)
    pieces = await asyncio.to_thread(store.pieces, lease.video)
    ended = await asyncio.to_thread(store.done, lease.video)
    refused = answer["reason"] if answer and not answer["ok"] else ""
    return JSONResponse(
        {
            "over": lease.over,
            "segments": len(pieces),
            "newest": pieces[-1].start_ms if pieces else None,
            "clip": await asyncio.to_thread(store.clip, lease.video) is not None,
            "done": ended is not None,
            "refused": told(language_of(request), refused),
            "now": round(lease.row["now"].timestamp() * 1000),
            "offset": lease.look.camera.offset_ms or 0,
        },
        headers=PRIVATE,
    )


@router.post("/{lease}/renew")
async def renew(request: Request, lease: AnOpenLease) -> JSONResponse:
    """The page says every few seconds that somebody still watches."""
    if not await leases.renew(request, lease):
        raise HTTPException(410, "lease: it has lasted as long as one may; open the camera again")
    return JSONResponse({"ok": True}, headers=PRIVATE)


@router.post("/{lease}/stop")
async def stop(request: Request, lease: ALease) -> Response:
    await leases.end(request, lease, "stopped by the viewer")
    return RedirectResponse(f"/live/camera/{lease.look.camera.code}{_lang(request)}", 303)


@router.get("/{lease}/{sealed}/playlist.m3u8")
async def list_of(request: Request, lease: AShownLease) -> Response:
    store = leases.store_of(request.app)
    pieces = await asyncio.to_thread(store.pieces, lease.video)
    if not pieces:
        raise HTTPException(404, "nothing has come yet")
    ended = not lease.live and await asyncio.to_thread(store.done, lease.video) is not None
    text = playlist(pieces, interval=not lease.live, ended=ended)
    return Response(text, media_type="application/vnd.apple.mpegurl", headers=PRIVATE)


@router.get("/{lease}/{sealed}/init-{number}.mp4")
async def init(request: Request, lease: AShownLease, number: Number) -> FileResponse:
    return _file(await asyncio.to_thread(leases.store_of(request.app).init, lease.video, number))


@router.get("/{lease}/{sealed}/{number}.m4s")
async def segment(request: Request, lease: AShownLease, number: Number) -> FileResponse:
    return _file(await asyncio.to_thread(leases.store_of(request.app).path, lease.video, number))


@router.get("/{lease}/{sealed}/clip.mp4")
async def clip(request: Request, lease: AShownLease) -> FileResponse:
    """The clip as a file; taking it away is logged by itself, and its name says who took it under which lease."""
    answer = _file(await asyncio.to_thread(leases.store_of(request.app).clip, lease.video))
    async with request.app.state.pool.connection() as connection:
        details: dict[str, Any] = {"lease": str(lease.id)}
        await leases.audit(connection, lease.look, "clip_taken", lease.row["reason"], details)
    start = lease.row["starts_at"].astimezone(UTC)
    name = f"{lease.look.camera.code}-{start:%Y%m%dT%H%M%SZ}-{lease.look.viewer.login}-{lease.code}.mp4"
    answer.headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name)}"
    return answer


def _lang(request: Request) -> str:
    """Keeps a language that was chosen by hand."""
    lang = request.query_params.get("lang")
    return f"?lang={lang}" if lang in i18n.LANGUAGES else ""


def _file(path: Any) -> FileResponse:
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="video/mp4", headers=PRIVATE)


def _span(start: str, minutes: str) -> tuple[datetime, datetime]:
    """The interval of a form; times without a zone are the city's."""
    try:
        begin = _moment(start)
        begin = begin if begin.tzinfo else begin.replace(tzinfo=i18n.LOCAL)
        length = timedelta(minutes=float(minutes))
    except (ValueError, OverflowError) as error:
        raise HTTPException(422, f"start, minutes: {start!r}, {minutes!r}, expected a time and 0 to 10") from error
    if not timedelta(0) < length <= LONGEST:
        raise HTTPException(422, f"minutes: {minutes!r}, expected more than 0 and at most 10")
    if begin > datetime.now(UTC):
        raise HTTPException(422, f"start: {start!r} has not been yet")
    return begin, begin + length


def _moment(text: str) -> datetime:
    """A time of a form, or seconds since 1970 as a page's hidden field has them. Raises ValueError, OverflowError."""
    try:
        seconds = float(text)
    except ValueError:
        return datetime.fromisoformat(text)
    return datetime.fromtimestamp(seconds, UTC)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()
