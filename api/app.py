"""The application: routers of all audiences, pools, what goes on beside the pages."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from psycopg_pool import PoolTimeout

from api import edge_uploads, receipts, session
from api.board import devices, hand_over, incident, lifts, strangers
from api.board import routes as board
from api.board.live import Board
from api.crew import install
from api.crew import routes as crew
from api.doors import account, admin_people, admin_tokens, provider_door, second_door, welcome
from api.doors.sweep import keep_swept
from api.kitchen import pages as kitchen
from api.live import leases, patrol
from api.live import routes as live
from api.live import uploads as live_uploads
from api.media import routes as media
from api.openapi import document
from api.oversight import (
    accounting,
    alarms,
    assign,
    audit_log,
    coverage,
    kpi_page,
    list_pages,
    monthly,
    overview,
    places,
    policies,
    reports,
    rescues,
    rosters,
    story,
    units,
    views,
)
from api.oversight import routes as oversight
from api.problems import add_handlers
from api.public import looks
from api.public import routes as public
from api.public.cache import PublicCache
from api.quiet import routes as quiet
from api.shield import Shield
from api.sql import QUERIES
from api.stream import Hub
from api.v1 import counting
from api.v1 import routes as v1
from runtime import service
from runtime.db import Role, async_pool
from runtime.settings import Settings
from runtime.storage import retention

STATIC = Path(str(resources.files("api").joinpath("static")))
BEAT_S = 5.0


def create_app(settings: Settings) -> FastAPI:
    """The pages over one database; a database that is away is a page that says so, and heals by itself."""
    app = FastAPI(title="Sunlit", version="0.1.0", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (
        session,
        second_door,
        provider_door,
        account,
        welcome,
        admin_people,
        admin_tokens,
        edge_uploads,
        receipts,
        live_uploads,
        patrol,
        live,
        media,
        board,
        lifts,
        strangers,
        hand_over,
        devices,
        incident,
        install,
        crew,
        kitchen,
        accounting,
        coverage,
        audit_log,
        alarms,
        policies,
        rosters,
        story,
        rescues,
        reports,
        overview,
        kpi_page,
        monthly,
        units,
        list_pages,
        places,
        views,
        assign,
        oversight,
        v1,
        public,
        quiet,
    ):
        app.include_router(part.router)
    app.add_api_route("/healthz", healthz, include_in_schema=True)
    # What is added last is asked first: also what comes out of memory is for named hosts only.
    app.add_middleware(PublicCache)
    app.add_middleware(Shield, settings=settings)
    add_handlers(app)
    document.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = app.state.settings.database
    app.state.pool = async_pool(database, Role.API)
    app.state.public_pool = async_pool(database, Role.PUBLIC, size=4)
    # A file is read as fast as whoever takes it: it never keeps a connection from a page.
    app.state.file_pool = async_pool(database, Role.API, size=3)
    await app.state.pool.open(wait=False)
    await app.state.file_pool.open(wait=False)
    await app.state.public_pool.open(wait=False)
    app.state.hub = Hub(app.state.pool)
    app.state.board = Board(app.state.pool, app.state.settings, app.state.hub)
    tasks = [
        asyncio.create_task(app.state.hub.run()),
        asyncio.create_task(_beat(app)),
        asyncio.create_task(leases.sweep(app)),
        asyncio.create_task(counting.sweep(app)),
        asyncio.create_task(looks.keep_looking(app)),
        asyncio.create_task(keep_swept(app)),
    ]
    stop = threading.Event()
    sweeping = retention.work(app.state.settings, Role.API)
    threading.Thread(target=service.keep, args=("api.retention", sweeping, stop), daemon=True).start()
    yield
    stop.set()
    for task in tasks:
        task.cancel()
    with suppress(psycopg.Error, PoolTimeout):
        await counting.flush(app)
    await app.state.pool.close()
    await app.state.file_pool.close()
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
