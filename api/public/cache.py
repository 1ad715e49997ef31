"""Public pages out of memory, before anything else of the application is asked.

A page is rendered once for all who ask meanwhile. For `FRESH_S` it is sent as it is; then it still is, while a
new one is made. Where none can be made, the last good one goes out and says of when its figures are. Nothing of a
person who is signed in, and no error, is ever kept.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import COOKIE
from api.public.addresses import SEARCH, Name, name_of
from api.public.kept import (
    FRESH_S,
    OLD_S,
    Answer,
    Headers,
    Page,
    aged,
    keepable,
    not_modified,
    packs,
    page_of,
    unchanged,
)

log = logging.getLogger(__name__)
PLACES_BYTES, SEARCHES_BYTES = 48_000_000, 8_000_000
"""memory for pages of places, and apart from it for searches, which anybody can make up"""
PATIENCE_S, REST_S = 1.0, 5.0
"""so long somebody waits where an old page is there; so long after a failure nothing is tried"""
PRIVATE = (COOKIE.encode(), b"session")
"""what a cookie of somebody who is signed in holds in its name"""


class Slot:
    """What is kept under a name."""

    def __init__(self, page: Page, made_s: float) -> None:
        self.page, self.made_s, self.size = page, made_s, page.size
        self.says_its_age = False
        self.failed_s: float | None = None
        """when no new page could be made, since this one was"""


class Shelf:
    """Pages up to so many bytes; whoever was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0
        self.slots: OrderedDict[Name, Slot] = OrderedDict()

    def get(self, name: Name) -> Slot | None:
        slot = self.slots.get(name)
        if slot is not None:
            self.slots.move_to_end(name)
        return slot

    def drop(self, name: Name) -> None:
        gone = self.slots.pop(name, None)
        self.bytes -= gone.size if gone else 0

    def put(self, name: Name, slot: Slot) -> None:
        self.drop(name)
        self.slots[name] = slot
        self.bytes += slot.size
        while self.bytes > self.most and len(self.slots) > 1:
            _, gone = self.slots.popitem(last=False)
            self.bytes -= gone.size


class PublicCache:
    """ASGI middleware over the whole application."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.clock = app, clock
        self.places, self.searches = Shelf(PLACES_BYTES), Shelf(SEARCHES_BYTES)
        self.making: dict[Name, asyncio.Task[Answer | Slot]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, headers = None, {}
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            headers = dict(scope["headers"])
            name = _name(scope["path"], scope["query_string"], headers)
        if name is None:
            await self.app(scope, receive, send)
            return
        found = await self._find(name, scope)
        if isinstance(found, Answer):
            if found.status and b"text/html" in headers.get(b"accept", b""):
                await _send(found, send, whole=scope["method"] == "GET")
            else:
                # An error has the form that whoever asked wants to have it in.
                await self.app(scope, receive, send)
            return
        page, packed = found.page, packs((headers.get(b"accept-encoding", b""),))
        if unchanged(page, headers.get(b"if-none-match", b"")):
            await _send(not_modified(page, packed), send, whole=False)
        else:
            await _send(page.packed if packed else page.plain, send, whole=scope["method"] == "GET")

    async def _find(self, name: Name, scope: Scope) -> Slot | Answer:
        slot, now = self._shelf(name).get(name), self.clock()
        if slot is None:
            return await asyncio.shield(self._make(name, scope))
        age = now - slot.made_s
        if age <= FRESH_S:
            return slot
        if slot.failed_s is None or now - slot.failed_s >= REST_S:
            task = self._make(name, scope)
            if age > OLD_S:
                await asyncio.wait((task,), timeout=PATIENCE_S)
                if task.done() and (isinstance(made := task.result(), Slot) or 0 < made.status < 500):
                    return made
        if not slot.says_its_age and (slot.failed_s is not None or age > OLD_S):
            slot.page, slot.says_its_age = aged(slot.page, name.language), True
        return slot

    def _make(self, name: Name, scope: Scope) -> asyncio.Task[Answer | Slot]:
        """Renders a page, once for all who ask; a browser that goes away meanwhile ends nothing."""
        task = self.making.get(name)
        if task is None:
            task = self.making[name] = asyncio.create_task(self._render(name, scope))
            task.add_done_callback(lambda _: self.making.pop(name, None))
        return task

    async def _render(self, name: Name, scope: Scope) -> Answer | Slot:
        try:
            answer = await _ask(self.app, _plain(scope, name))
        except Exception:
            # Whoever has no old page meets it in the application itself.
            log.exception("a public page failed: %s", name.path)
            answer = Answer(0, (), b"")
        shelf = self._shelf(name)
        old = shelf.slots.get(name)
        if keepable(answer):
            slot = Slot(page_of(answer, datetime.now(UTC)), self.clock())
            shelf.put(name, slot)
            return slot
        if old is not None and (answer.status >= 500 or not answer.status):
            old.failed_s = self.clock()
        elif old is not None:
            # What is gone is gone: a lift out of use has no page any more.
            shelf.drop(name)
        return answer

    def _shelf(self, name: Name) -> Shelf:
        return self.searches if name.path == SEARCH else self.places


def _name(path: str, query: bytes, headers: Mapping[bytes, bytes]) -> Name | None:
    cookie = headers.get(b"cookie", b"").lower()
    if b"authorization" in headers or any(mark in cookie for mark in PRIVATE):
        return None
    return name_of(path, query.decode("latin-1"), headers.get(b"accept-language", b"").decode("latin-1"))


def _plain(scope: Scope, name: Name) -> Scope:
    """The request of nobody in particular: what two people may send differently for one page is not in it."""
    headers = [(key, value) for key, value in scope["headers"] if key == b"host"]
    headers += [(b"accept", b"text/html"), (b"accept-language", name.language.encode())]
    return {
        **scope,
        **{"state": dict(scope.get("state", {})), "client": None},
        **{"method": "GET", "query_string": name.query.encode(), "headers": headers},
    }


async def _ask(app: ASGIApp, scope: Scope) -> Answer:
    headers: Headers = ()
    parts: list[bytes] = []
    status, sent = 500, False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], tuple((bytes(k).lower(), bytes(v)) for k, v in message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, headers, b"".join(parts))


async def _send(answer: Answer, send: Send, whole: bool) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body if whole else b""})
