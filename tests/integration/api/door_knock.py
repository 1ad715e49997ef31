"""Knocks at an ASGI application in this process: one request, its answer; of a stream the first words."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode
from uuid import uuid4

from fastapi import FastAPI

Given = Mapping[str, str | bytes]


class Answer(NamedTuple):
    """What came back. `headers` has lower-case names; of several of one name the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Knocker:
    """One viewer of an application: keeps its cookies, says its headers with every request."""

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None, host: str = "203.0.113.1") -> None:
        self.app, self.headers, self.host = app, dict(headers or {}), host
        self.cookies = dict[str, str]()

    async def __call__(
        self,
        method: str,
        path: str,
        query: Given | None = None,
        *,
        form: Given | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
        cut: str = "",
    ) -> Answer:
        """Sends one request. `path` is quoted unless it is `raw`; bytes in `form` are sent as a JPEG file.

        `cut`: the body has an end that never comes (`slow`), or whoever sends it hangs up in the middle (`gone`).
        """
        said = {"host": "sunlit.test", "accept": "text/html", **self.headers, **(headers or {})}
        if self.cookies:
            said["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            body, said["content-type"] = _encoded(form)
        if body is not None and "transfer-encoding" not in said:
            said.setdefault("content-length", str(len(body)))
        raw_path = path if raw else quote(path, safe="/:@!$&'()*+,;=~-._")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw_path),
            "raw_path": raw_path.encode(),
            "query_string": urlencode(query or {}).encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in said.items()],
            "client": (self.host, 50000),
            "server": ("sunlit.test", 80),
            "state": {},
        }
        answer = await _call(self.app, scope, body or b"", cut)
        for name, morsel in [item for said in answer.cookies for item in SimpleCookie(said).items()]:
            if morsel.value and morsel["max-age"] != "0":
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)
        return answer


async def _call(app: FastAPI, scope: dict[str, Any], body: bytes, cut: str) -> Answer:
    sent, gone = [{"type": "http.request", "body": body, "more_body": bool(cut)}], asyncio.Event()
    if cut == "gone":
        gone.set()
    status, headers, parts, cookies = 0, dict[str, str](), list[bytes](), list[str]()

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            said = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
            headers.update(said)
            cookies.extend(value for name, value in said if name == "set-cookie")
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            # A stream has no end: its first words are enough, and then the viewer goes away.
            if "text/event-stream" in headers.get("content-type", "") and parts[-1]:
                gone.set()

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001  a server writes it down and goes on; a test sees it as the answer
        return Answer(500, {}, traceback.format_exc().encode())
    gone.set()
    return Answer(status, headers, b"".join(parts), tuple(cookies))


def _encoded(form: Given) -> tuple[bytes, str]:
    if not any(isinstance(value, bytes) for value in form.values()):
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    border = uuid4().hex
    parts = []
    for name, value in form.items():
        file = '; filename="photo.jpg"\r\nContent-Type: image/jpeg' if isinstance(value, bytes) else ""
        content = value if isinstance(value, bytes) else value.encode()
        head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{border}--\r\n".encode(), f"multipart/form-data; boundary={border}"


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application between its start and its stop."""
    async with app.router.lifespan_context(app):
        yield app
