"""Around every answer: whose host it is, how much may be sent and how slowly, headers that protect, faults in words."""

import asyncio
import re
from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import hand_over
from api.edge_uploads import MAX_BYTES
from api.evidence import FORM_BYTES
from api.page import HEADERS, content_policy
from api.problems import answer, fault
from runtime.settings import Settings

BODY_BYTES = 256 * 1024
"""of a form without a file"""
SLOWEST_S = 30.0
"""between two pieces of a body"""
# What comes from the edge is measured where it is kept; forms with a photo hold one.
LARGER: Mapping[str, int | None] = {
    "/edge/": None,
    "/c/": MAX_BYTES + FORM_BYTES,
    "/kitchen/": MAX_BYTES + FORM_BYTES,
}
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
FILES = "public, max-age=600, stale-while-revalidate=86400"
"""files of the pages: asked for again by their ETag; one with its version in its address never again"""
PORT = re.compile(r":\d+$")
FOR_EVER = "public, max-age=31536000, immutable"


class Shield:
    """Pure ASGI, so that a stream stays a stream."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.hosts = app, frozenset(settings.api.hosts)
        policy = {"Content-Security-Policy": content_policy(settings.api.map_tiles)}
        secure = dict([HSTS]) if settings.api.secure_cookies else {}
        self.headers = {**HEADERS, **ISOLATED, **policy, **secure}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def protected(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=list(message["headers"]))
                self._protect(scope, headers)
                hand_over(request, headers)
                message = {**message, "headers": headers.raw}
            await send(message)

        body, request = Body(scope, receive), Request(scope, receive)
        try:
            if refusal := self._refusal(scope):
                await answer(request, *refusal)(scope, receive, protected)
            else:
                await self.app(scope, body.receive, protected)
        except Exception as error:  # the last one that can say anything
            if started:
                raise
            await fault(request, error)(scope, receive, protected)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = PORT.sub("", headers.get("host", "").lower())
        if self.hosts and host not in self.hosts:
            return 400, f"host: {host[:80]!r}, expected one of {', '.join(sorted(self.hosts))}"
        length, most = headers.get("content-length", ""), limit_of(scope["path"])
        if length and not length.isdecimal():
            return 400, f"content-length: {length[:20]!r}, expected a number"
        return (413, too_long(most)) if most is not None and length and int(length) > most else None

    def _protect(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "private, no-store")
        elif "etag" in headers:
            headers.setdefault("Cache-Control", FOR_EVER if b"v=" in scope["query_string"] else FILES)


class Body:
    """A body that is neither too long nor too slow."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.most, self.inner = limit_of(scope["path"]), receive
        self.bytes, self.whole = 0, False

    async def receive(self) -> Message:
        """The next piece. Raises HTTPException."""
        if self.whole:
            return await self.inner()
        try:
            message = await asyncio.wait_for(self.inner(), SLOWEST_S)
        except TimeoutError as error:
            raise HTTPException(408, f"body: nothing for {SLOWEST_S:.0f} s, expected the rest of it") from error
        if message["type"] == "http.request":
            self.whole = not message.get("more_body", False)
            self.bytes += len(message.get("body", b""))
            if self.most is not None and self.bytes > self.most:
                raise HTTPException(413, too_long(self.most))
        return message


def limit_of(path: str) -> int | None:
    """How many bytes may be sent to an address; None: its handler measures."""
    return next((most for prefix, most in LARGER.items() if path.startswith(prefix)), BODY_BYTES)


def too_long(most: int) -> str:
    words = f"{most // 1024} KB" if most < 1024 * 1024 else f"{most // 1024 // 1024} MB"
    return f"body: too long, expected at most {words}"
