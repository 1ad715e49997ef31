"""The memory of public pages: one rendering for many, old ones at once, nothing of a person, no error."""

import asyncio
import gzip
from collections.abc import Coroutine
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.public import cache
from api.public.cache import PublicCache
from api.public.kept import FRESH_S, OLD_S

Headers = dict[str, str]


class Pages:
    """An application that counts what it is asked, and can be slow, broken or without its page."""

    def __init__(self) -> None:
        self.asked: list[Scope] = []
        self.status, self.fault, self.headers = 200, False, [(b"cache-control", b"public, max-age=30")]
        self.gate: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        if self.gate:
            await self.gate.wait()
        if self.fault:
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = b"<main>%d %s</main>%s" % (len(self.asked), scope["query_string"], b" " * 600)
        await send({"type": "http.response.body", "body": body})


class Room:
    def __init__(self) -> None:
        self.pages, self.now = Pages(), 1000.0
        self.cache = PublicCache(self.pages, lambda: self.now)

    async def get(
        self, path: str = "/", query: str = "", method: str = "GET", **headers: str
    ) -> tuple[int, Headers, str]:
        said: list[Message] = []
        listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": listed}

        async def send(message: Message) -> None:
            said.append(message)

        await self.cache(scope, _nothing, send)
        found = {key.decode(): value.decode() for key, value in said[0]["headers"]}
        body = said[1]["body"]
        return said[0]["status"], found, (gzip.decompress(body) if "content-encoding" in found else body).decode()

    async def settle(self) -> None:
        """Lets what goes on beside come to its end."""
        for _ in range(20):
            await asyncio.sleep(0)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_page_is_rendered_once_and_packed_for_who_reads_it(room: Room) -> None:
    async def story() -> None:
        first = await room.get(accept_encoding="gzip")
        again = await room.get(query="utm_source=somebody")
        assert first[2] == again[2] and "content-encoding" in first[1] and "content-encoding" not in again[1]
        assert len(room.pages.asked) == 1
        known = await room.get(if_none_match=again[1]["etag"])
        assert known[0] == 304 and known[2] == ""
        head = await room.get(method="HEAD")
        assert head[1]["content-length"] == again[1]["content-length"] and head[2] == ""

    run(story())


def test_many_who_ask_meanwhile_wait_for_one(room: Room) -> None:
    async def story() -> None:
        room.pages.gate = asyncio.Event()
        asking = [asyncio.create_task(room.get()) for _ in range(50)]
        await room.settle()
        # Somebody who goes away takes nothing from the others.
        asking[0].cancel()
        room.pages.gate.set()
        answers = await asyncio.gather(*asking[1:])
        assert {answer[2][:20] for answer in answers} == {answers[0][2][:20]} and len(room.pages.asked) == 1

    run(story())


def test_an_old_page_goes_out_at_once_while_a_new_one_is_made(room: Room) -> None:
    async def story() -> None:
        await room.get()
        room.now += FRESH_S + 1
        room.pages.gate = asyncio.Event()
        assert "<main>1 " in (await room.get())[2] and "<main>1 " in (await room.get())[2]
        room.pages.gate.set()
        await room.settle()
        assert "<main>2 " in (await room.get())[2] and len(room.pages.asked) == 2

    run(story())


def test_a_page_that_nobody_asked_for_all_night_is_made_anew(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        await room.get()
        room.now += OLD_S + 1
        assert "<main>2 " in (await room.get())[2]
        # Where that takes too long, the old one says its age.
        monkeypatch.setattr(cache, "PATIENCE_S", 0.01)
        room.now += OLD_S + 1
        room.pages.gate = asyncio.Event()
        found = await room.get(accept_language="zh")
        assert "<main>2 " in found[2] and "的数据" in found[2]
        room.pages.gate.set()
        await room.settle()
        assert "的数据" not in (await room.get())[2]

    run(story())


@pytest.mark.parametrize("broken", ["status", "fault"])
def test_without_a_database_the_last_good_page_says_its_age(room: Room, broken: str) -> None:
    async def story() -> None:
        await room.get()
        room.pages.status, room.pages.fault = (503, False) if broken == "status" else (200, True)
        room.now += FRESH_S + 1
        await room.get()
        await room.settle()
        old = await room.get(accept_language="zh")
        assert old[0] == 200 and "<main>1 " in old[2] and "暂时无法取得更新的数据" in old[2]
        # It is not asked again for a while, and then it heals by itself.
        asked = len(room.pages.asked)
        await room.get()
        assert len(room.pages.asked) == asked
        room.pages.status, room.pages.fault = 200, False
        room.now += cache.REST_S + 1
        await room.get()
        await room.settle()
        assert "暂时无法" not in (await room.get())[2]

    run(story())


def test_an_error_is_never_kept_and_has_the_form_that_was_asked_for(room: Room) -> None:
    async def story() -> None:
        room.pages.status = 404
        assert (await room.get("/lift/1", accept="text/html"))[0] == 404
        assert (await room.get("/lift/1", accept="application/json"))[0] == 404
        assert dict(room.pages.asked[-1]["headers"])[b"accept"] == b"application/json"
        room.pages.status = 200
        assert (await room.get("/lift/1"))[0] == 200

    run(story())


def test_what_is_gone_is_gone(room: Room) -> None:
    async def story() -> None:
        await room.get("/lift/1", accept="text/html")
        room.pages.status = 404
        room.now += FRESH_S + 1
        await room.get("/lift/1", accept="text/html")
        await room.settle()
        assert (await room.get("/lift/1", accept="text/html"))[0] == 404
        assert room.cache.places.bytes == 0

    run(story())


@pytest.mark.parametrize(
    "headers",
    [{"cookie": "sunlit_session=abc"}, {"cookie": "__Host-session=1"}, {"authorization": "Bearer x"}],
)
def test_nothing_of_a_person_is_kept_or_given(room: Room, headers: Headers) -> None:
    async def story() -> None:
        await room.get()
        assert "<main>2 " in (await room.get("/", **headers))[2]
        assert "<main>3 " in (await room.get("/", **headers))[2]
        assert "<main>1 " in (await room.get())[2]

    run(story())


def test_a_page_is_rendered_for_nobody_in_particular(room: Room) -> None:
    async def story() -> None:
        await room.get(cookie="theme=dark", user_agent="Somebody", accept_language="en-GB", host="here")
        headers = dict(room.pages.asked[0]["headers"])
        assert headers == {b"host": b"here", b"accept": b"text/html", b"accept-language": b"en"}
        assert room.pages.asked[0]["client"] is None

    run(story())


def test_what_leaves_a_cookie_is_not_kept(room: Room) -> None:
    async def story() -> None:
        room.pages.headers.append((b"set-cookie", b"a=b"))
        await room.get(accept="text/html")
        await room.get(accept="text/html")
        assert len(room.pages.asked) == 2 and not room.cache.places.slots

    run(story())


def test_searches_cannot_fill_the_memory_or_push_pages_out(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        room.cache.searches.most = 5000
        await room.get()
        for number in range(50):
            await room.get("/search", f"q=word{number}")
        assert room.cache.searches.bytes <= 5000 and 1 < len(room.cache.searches.slots) < 10
        assert sum(slot.size for slot in room.cache.searches.slots.values()) == room.cache.searches.bytes
        assert len(room.cache.places.slots) == 1

    run(story())


def test_other_doors_are_not_its_business(room: Room) -> None:
    async def story() -> None:
        for path in ("/board", "/report", "/lift/1/report"):
            await room.get(path)
            await room.get(path)
        await room.get("/", method="POST")
        assert len(room.pages.asked) == 7

    run(story())
