"""The application: routers of all audiences, pools, errors in words, security headers."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from api import edge_uploads, receipts, session
from api.access import SignInNeeded
from api.board import incident
from api.board import routes as board
from api.crew import routes as crew
from api.kitchen import routes as kitchen
from api.live import leases
from api.live import routes as live
from api.live import uploads as live_uploads
from api.oversight import accounting, assign, coverage, list_pages, overview, places, rescues, views
from api.oversight import routes as oversight
from api.page import HEADERS, content_policy, render
from api.public import routes as public
from api.quiet import routes as quiet
from api.sql import QUERIES
from api.stream import Hub
from runtime import service
from runtime.db import Role, async_pool
from runtime.settings import Settings
from runtime.storage import retention

log = logging.getLogger(__name__)
STATIC = Path(str(resources.files("api").joinpath("static")))
BEAT_S = 5.0


def create_app(settings: Settings) -> FastAPI:
    """The pages over one database; a database that is away is a page that says so, and heals by itself."""
    app = FastAPI(title="Sunlit", version="0.1.0", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (
        session,
        edge_uploads,
        receipts,
        live_uploads,
        live,
        board,
        incident,
        crew,
        kitchen,
        accounting,
        coverage,
        rescues,
        overview,
        list_pages,
        places,
        views,
        assign,
        oversight,
        public,
        quiet,
    ):
        app.include_router(part.router)
    app.add_api_route("/healthz", healthz, include_in_schema=True)
    app.middleware("http")(_secure)
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(psycopg.DataError, _not_data)
    for fault in (psycopg.OperationalError, PoolTimeout):
        app.add_exception_handler(fault, _database_away)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = app.state.settings.database
    app.state.pool = async_pool(database, Role.API)
    app.state.public_pool = async_pool(database, Role.PUBLIC, size=4)
    await app.state.pool.open(wait=False)
    await app.state.public_pool.open(wait=False)
    app.state.hub = Hub(app.state.pool)
    tasks = [
        asyncio.create_task(app.state.hub.run()),
        asyncio.create_task(_beat(app)),
        asyncio.create_task(leases.sweep(app)),
    ]
    stop = threading.Event()
    sweeping = retention.work(app.state.settings, Role.API)
    threading.Thread(target=service.keep, args=("api.retention", sweeping, stop), daemon=True).start()
    yield
    stop.set()
    for task in tasks:
        task.cancel()
    await app.state.pool.close()
    await app.state.public_pool.close()


async def _beat(app: FastAPI) -> None:
    while True:
        with suppress(psycopg.Error, PoolTimeout):
            async with app.state.pool.connection() as connection:
                await connection.execute(QUERIES["beat"], {"instance": socket.gethostname()})
        await asyncio.sleep(BEAT_S)


async def healthz(request: Request) -> JSONResponse:
    """Whether the service answers and the database does."""
    try:
        async with request.app.state.pool.connection() as connection:
            await connection.execute(QUERIES["health"])
    except (psycopg.Error, PoolTimeout):
        return JSONResponse({"status": "degraded", "database": "away"}, 503)
    return JSONResponse({"status": "ok", "database": "ok"})


async def _secure(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await follow(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    tiles = request.app.state.settings.api.map_tiles
    answer.headers.setdefault("Content-Security-Policy", content_policy(tiles))
    if not request.url.path.startswith("/static/"):
        answer.headers.setdefault("Cache-Control", "private, no-store")
    return answer


async def _to_sign_in(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, SignInNeeded)
    return RedirectResponse(fault.address, 303)


async def _problem(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    answer = _answer(request, fault.status_code, str(fault.detail))
    answer.headers.update(fault.headers or {})
    return answer


async def _invalid(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    found = "; ".join(f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in fault.errors())
    names = ", ".join(dict.fromkeys(str(error["loc"][-1]) for error in fault.errors()))
    # What the library says is English: a person gets the names of the fields.
    return _answer(request, 422, names if _for_people(request) else found)


async def _not_data(request: Request, fault: Exception) -> Response:
    """A value that no column takes, such as text with a NUL in an address or a form."""
    log.warning("not data: %s", " ".join(str(fault).split()))
    return _answer(request, 422, "")


async def _database_away(request: Request, fault: Exception) -> Response:
    log.warning("database is away: %s", " ".join(str(fault).split()))
    return _answer(request, 503, "database")


def _answer(request: Request, status: int, detail: str) -> Response:
    """A page for people, problem details (RFC 9457) for programs."""
    if _for_people(request):
        kind = status if status in (403, 404, 503) else 400
        return render(request, "problem.html", status, kind=kind, detail=detail)
    problem = {"type": "about:blank", "status": status, "title": detail or str(status)}
    return JSONResponse(problem, status, media_type="application/problem+json")


def _for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/edge/")
