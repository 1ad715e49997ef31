"""One run: the real pages over a real database with a whole city in it, and callers beside them."""

import asyncio
import os
import re
import resource
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from api.bench.city import LOGIN, PASSWORD, Seeded, Size, seed
from api.bench.numbers import Numbers, milliseconds, ratios
from api.bench.viewers import happen, watch
from api.bench.wire import Caller, timed
from runtime.load.machine import idle
from runtime.load.own import own_database
from runtime.load.running import Tell
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.ports import free_port
from runtime.stack.process import Process, sunlit

HOST = "127.0.0.1"
START_S = 60.0
OPERATORS_PER_S = 10.0
"""pages that operators ask for, at fixed times: a slow answer does not make the next question later"""
CALLERS = 16
"""connections over which the city page is asked for, one request after the other"""
CHANGE_S = 1.0
"""so often something happens on the board while pages are asked for"""


class BenchError(RuntimeError):
    """The bench cannot go on; the text says why."""


class Wanted(NamedTuple):
    """What a person asked for."""

    size: Size
    viewers: int
    seconds: float


class _Door(NamedTuple):
    port: int
    cookie: str
    database: DatabaseSettings

    def caller(self, *, signed_in: bool) -> Caller:
        return Caller(HOST, self.port, [("Cookie", self.cookie)] if signed_in else ())


def measure(settings: Settings, home: Path | None, wanted: Wanted, chance: int, plain: bool, tell: Tell) -> Numbers:
    """Everything of the bench's own. Raises BenchError, WireError, PostgresError, psycopg.Error, OSError."""
    with own_database(home, plain=plain) as (folder, database):
        seeded = seed(database, wanted.size, chance, tell)
        with _pages(settings, database, folder, wanted.viewers) as port:
            door = _Door(port, _sign_in(port), database)
            return asyncio.run(_look(door, seeded, wanted, tell))


@contextmanager
def _pages(settings: Settings, database: DatabaseSettings, folder: Path, viewers: int) -> Iterator[int]:
    """One process of `sunlit api run`, as in production."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * viewers + 500
    if 0 <= hard < needed:
        raise BenchError(f"open files: {hard} allowed, {needed} needed for {viewers} viewers")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    port = free_port()
    place = {
        "SUNLIT_DATABASE__URL": database.url,
        "SUNLIT_API__PORT": str(port),
        "SUNLIT_API__EVIDENCE": str(folder / "evidence"),
        "SUNLIT_API__LIVE": str(folder / "live"),
    }
    served = Process("api", sunlit("api", "run"), folder / "api.log", place)
    served.start()
    try:
        end = time.monotonic() + START_S
        while not _answers(port):
            if not served.alive or time.monotonic() > end:
                raise BenchError(f"the pages do not answer: {served.tail(3)}")
            time.sleep(0.1)
        yield port
    finally:
        served.stop()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _sign_in(port: int) -> str:
    answer = httpx.post(f"http://{HOST}:{port}/login", data={"login": LOGIN, "password": PASSWORD})
    if answer.status_code != 303:
        raise BenchError(f"signing in: {answer.status_code}, expected 303")
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


async def _look(door: _Door, seeded: Seeded, wanted: Wanted, tell: Tell) -> Numbers:
    before = idle()
    async with _changes(door.database, seeded.numbers):
        tell("boards", 0, 3)
        board = await _at_fixed_times(door, ["/board"], wanted.seconds)
        tell("incidents", 1, 3)
        incident = await _at_fixed_times(door, [f"/board/incident/{n}" for n in seeded.numbers], wanted.seconds)
        tell("city page", 2, 3)
        public = await _one_after_the_other(door, "/", wanted.seconds)
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(door.caller(signed_in=True)) for _ in range(wanted.viewers)]
        heard = await watch(callers, door.database, await _on_top(door), tell)
    after = idle()
    found: dict[str, float | None] = {
        "board_p95_ms": milliseconds(board, 0.95),
        "incident_p95_ms": milliseconds(incident, 0.95),
        "public_p95_ms": milliseconds(public.seconds, 0.95),
        "public_rps": round(len(public.seconds) / wanted.seconds, 1),
        "sse_viewers": heard.all,
    }
    return Numbers(
        **found,  # type: ignore[arg-type]
        **seeded.counts,
        board_p50_ms=milliseconds(board, 0.5),
        incident_p50_ms=milliseconds(incident, 0.5),
        public_p50_ms=milliseconds(public.seconds, 0.5),
        public_bytes=public.bytes,
        sse_asked=wanted.viewers,
        sse_p95_ms=milliseconds(heard.seconds, 0.95),
        sse_max_ms=milliseconds(heard.seconds, 1.0),
        seconds=wanted.seconds,
        database=seeded.server,
        cores=os.cpu_count() or 1,
        idle_share=round((after.idle - before.idle) / max(1e-6, after.total - before.total), 3),
        ratios=ratios(found, wanted.viewers),
    )


async def _on_top(door: _Door) -> str:
    """The incident that every board shows first."""
    async with door.caller(signed_in=True) as caller:
        _, page = await caller.get("/board")
    found = re.search(rb"/board/incident/([\w-]+)", page)
    if found is None:
        raise BenchError("/board: shows no incident")
    return found.group(1).decode()


@asynccontextmanager
async def _changes(database: DatabaseSettings, numbers: Sequence[str]) -> AsyncIterator[None]:
    """Meanwhile something happens on the board every second, so that no page is the one before."""

    async def change() -> None:
        turn = 0
        while True:
            await asyncio.to_thread(happen, database, numbers[turn % len(numbers)])
            turn += 1
            await asyncio.sleep(CHANGE_S)

    task = asyncio.create_task(change())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _at_fixed_times(door: _Door, paths: Sequence[str], seconds: float) -> list[float]:
    """Seconds from the moment at which each page should have been asked for until it is there; once before that."""
    async with door.caller(signed_in=True) as first:
        await timed(first, paths[0])
    start = asyncio.get_running_loop().time()

    async def ask(turn: int) -> float:
        due = start + turn / OPERATORS_PER_S
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        # A connection each: the server closes those that are idle for some seconds.
        async with door.caller(signed_in=True) as caller:
            await timed(caller, paths[turn % len(paths)])
        return asyncio.get_running_loop().time() - due

    return list(await asyncio.gather(*(ask(turn) for turn in range(int(seconds * OPERATORS_PER_S)))))


class _Asked(NamedTuple):
    seconds: list[float]
    bytes: int


async def _one_after_the_other(door: _Door, path: str, seconds: float) -> _Asked:
    """As often as it goes, over a few connections."""
    found: list[float] = []
    sizes: set[int] = set()
    end = time.monotonic() + seconds

    async def ask() -> None:
        async with door.caller(signed_in=False) as caller:
            while time.monotonic() < end:
                took, size = await timed(caller, path)
                found.append(took)
                sizes.add(size)

    await asyncio.gather(*(ask() for _ in range(CALLERS)))
    return _Asked(found, max(sizes))
