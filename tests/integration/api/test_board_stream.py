"""The board's stream over a real server: who was away misses nothing, who may not look is sent off, many cost one."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn

import api.stream
from api.app import create_app
from api.board import following
from runtime.settings import DatabaseSettings
from runtime.stack.ports import free_port
from tests.integration.api.desk_room import PASSWORD, Room, open_room, until

VIEWERS = 200
Message = dict[str, Any]


class Pages:
    """The pages over a real server."""

    def __init__(self, room: Room) -> None:
        self.room, self.port = room, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.app = create_app(room.settings)
        self.server = uvicorn.Server(uvicorn.Config(self.app, port=self.port, log_level="error"))
        threading.Thread(target=self.server.run, daemon=True).start()
        until(lambda: self.server.started)

    def cookies(self, login: str = "operator") -> dict[str, str]:
        with httpx.Client(base_url=self.url) as client:
            client.post("/login", data={"login": login, "password": PASSWORD})
            return dict(client.cookies)


@pytest.fixture
def pages(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Pages]:
    with open_room(city_db, tmp_path) as room:
        made = Pages(room)
        yield made
        made.server.should_exit = made.server.force_exit = True


async def messages(answer: httpx.Response) -> AsyncIterator[Message]:
    found: Message = {}
    async for line in answer.aiter_lines():
        if not line and "event" in found:
            yield {**found, "data": json.loads(found["data"])}
        if not line:
            found = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value


def client_of(pages: Pages, cookies: dict[str, str]) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=pages.url, cookies=cookies, timeout=30, limits=limits, verify=False)


@asynccontextmanager
async def listening(client: httpx.AsyncClient, last: str = "", **query: str) -> AsyncIterator[AsyncIterator[Message]]:
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
    async with client.stream("GET", "/board/stream", params={"lang": "en", **query}, headers=headers) as answer:
        assert answer.status_code == 200
        yield messages(answer)


async def first(stream: AsyncIterator[Message], wanted: Callable[[Message], bool]) -> Message:
    async with asyncio.timeout(20):
        async for message in stream:
            if wanted(message):
                return message
    raise AssertionError("the stream ended before")


def entries(lift: str, action: str = "opened") -> Callable[[Message], bool]:
    return lambda m: m["event"] == "entry" and lift in m["data"]["text"] and m["data"]["action"] == action


def test_a_new_rescue_reaches_a_board_as_an_entry_and_as_its_card(pages: Pages) -> None:
    async def look() -> tuple[Message, Message]:
        async with client_of(pages, pages.cookies()) as client, listening(client, v="none") as stream:
            whole = await first(stream, lambda m: m["event"] == "board")
            await asyncio.to_thread(pages.room.phone, "442001", people=2)
            await first(stream, entries("442001"))
            return whole, await first(stream, lambda m: m["event"] == "board" and "442001" in str(m["data"]["html"]))

    whole, change = asyncio.run(look())
    assert whole["data"]["base"] is None, "a page whose board nobody knows gets all of it"
    assert change["data"]["base"], "and then only what differs"
    (key,) = [key for key in change["data"]["html"] if key.startswith("i-R")]
    assert key in change["data"]["order"]["cards"]
    assert "ready" not in change["data"]["html"]
    assert 'value="~csrf~"' in change["data"]["html"][key], "no viewer's token goes to another"


def test_who_was_away_is_told_everything_since_from_rows(pages: Pages) -> None:
    async def away() -> tuple[str, list[Message]]:
        async with client_of(pages, pages.cookies()) as client, listening(client) as stream:
            await asyncio.to_thread(pages.room.phone, "442001")
            last = (await first(stream, entries("442001")))["id"]
        for lift in ("442002", "442003"):
            await asyncio.to_thread(pages.room.phone, lift)
        number = pages.room.one("SELECT max(id) AS id FROM incident_entry")["id"]
        until(lambda: pages.app.state.hub.newest >= number)
        told: list[Message] = []
        async with (
            client_of(pages, pages.cookies()) as client,
            listening(client, last=last) as stream,
            asyncio.timeout(20),
        ):
            async for message in stream:
                if message["event"] == "caught-up":
                    return last, told
                told.append(message)
        raise AssertionError("the stream ended before")

    last, told = asyncio.run(away())
    ids = [int(message["id"]) for message in told if message["event"] == "entry"]
    rows = pages.room.all("SELECT id FROM incident_entry WHERE id > %s ORDER BY id", int(last))
    assert ids == [row["id"] for row in rows][: len(ids)] and len(ids) >= 4
    opened = [message["data"] for message in told if message["data"]["action"] == "opened"]
    assert [said["text"].split()[0] for said in opened] == ["442002", "442003"]
    assert all(said["missed"] and said["new"] for said in opened)


@pytest.mark.parametrize("query", [{"v": "none"}, {}])
def test_a_board_that_cannot_be_read_is_not_calm(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    """The small question what has changed is answered, the large one what stands on the board is not."""

    async def broken() -> None:
        raise psycopg.OperationalError("broken by the test")

    async def look() -> list[str]:
        async with client_of(pages, pages.cookies()) as client, listening(client, **query) as stream:
            await first(stream, lambda m: m["event"] == "beat")
            monkeypatch.setattr(pages.app.state.board, "_rows", broken)
            await asyncio.to_thread(pages.room.phone, "442001")
            await first(stream, entries("442001"))
            found: list[str] = []
            with suppress(TimeoutError):
                async with asyncio.timeout(7):
                    async for message in stream:
                        found.append(message["event"])
            return found

    assert "beat" not in asyncio.run(look())


def test_the_newest_of_many_at_once_is_heard(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """More happened than a page holds while the database could not be asked: what is newest rings all the same."""
    monkeypatch.setattr(api.stream, "KEPT", 60)
    hub = pages.app.state.hub
    number = pages.room.phone("442001")["id"]
    until(lambda: hub.newest and hub.newest == pages.room.one("SELECT max(id) AS id FROM incident_entry")["id"])
    heard = hub.heard
    pages.room.owner.execute(
        "INSERT INTO incident_entry (incident_id, at, actor, action, reason, policy_version)"
        " SELECT %s, now(), 'test', 'note', n::text, 1 FROM generate_series(1, 200) AS n",
        (number,),
    )
    until(lambda: hub.heard >= heard + 200)
    assert hub.since(heard)[199]["reason"] == "200"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM session",
        "UPDATE person SET active = false WHERE login = 'operator'",
        "DELETE FROM person_role r USING person p WHERE p.id = r.person_id AND p.login = 'operator'",
    ],
)
def test_a_stream_ends_with_its_session_and_with_its_right(
    pages: Pages, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "RECHECK_S", 0.5)

    async def look() -> None:
        async with client_of(pages, pages.cookies()) as client, listening(client) as stream:
            await first(stream, lambda m: m["event"] == "beat")
            pages.room.owner.execute(statement)
            await first(stream, lambda m: m["event"] == "ended")

    asyncio.run(look())
    until(lambda: pages.app.state.hub.viewers == 0)


def test_many_viewers_cost_one_look_at_the_rows(pages: Pages) -> None:
    """Two hundred boards hear of a rescue and draw it; the open incidents are read for all of them together."""
    cookies = pages.cookies()

    async def one(client: httpx.AsyncClient, ready: asyncio.Semaphore, go: asyncio.Event) -> int:
        async with listening(client, v="none") as stream:
            await first(stream, lambda m: m["event"] == "beat")
            ready.release()
            await go.wait()
            message = await first(stream, lambda m: m["event"] == "board" and "442001" in str(m["data"]["html"]))
            return len(str(message))

    async def all_of_them() -> tuple[list[int], int, int]:
        ready, go = asyncio.Semaphore(0), asyncio.Event()
        async with client_of(pages, cookies) as client:
            tasks = [asyncio.create_task(one(client, ready, go)) for _ in range(VIEWERS)]
            async with asyncio.timeout(60):
                for _ in range(VIEWERS):
                    await ready.acquire()
            before, watching = pages.app.state.board.reads, pages.app.state.hub.viewers
            go.set()
            await asyncio.to_thread(pages.room.phone, "442001")
            seen = await asyncio.gather(*tasks)
        return seen, watching, pages.app.state.board.reads - before

    seen, watching, reads = asyncio.run(all_of_them())
    assert len(seen) == VIEWERS == watching
    assert reads < VIEWERS / 10, f"{reads} readings for {VIEWERS} viewers"


def test_a_viewer_that_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stream.SLOW_S", 0.05)
    from api.stream import EventStream

    left = []

    async def content() -> AsyncIterator[str]:
        try:
            for number in range(100):
                yield f"data: {number}\n\n"
        finally:
            left.append(True)

    async def stuck(message: Any) -> None:
        if message.get("body"):
            await asyncio.sleep(3600)

    async def run() -> None:
        async with asyncio.timeout(10):
            await EventStream(content()).stream_response(stuck)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert left == [True]
