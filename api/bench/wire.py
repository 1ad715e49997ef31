"""A caller that costs little: HTTP/1.1 over kept connections, no more of it than the pages' answers need.

A full client would take more of the machine than the server that it measures.
"""

import asyncio
import time
from collections.abc import Sequence


class WireError(RuntimeError):
    """An answer that is no answer; the text says what came."""


class Caller:
    """One connection, one request after the other."""

    def __init__(self, host: str, port: int, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.host, self.port = host, port
        self.extra = "".join(f"{name}: {value}\r\n" for name, value in headers)

    async def __aenter__(self) -> "Caller":
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body. Raises WireError, OSError."""
        await self._send(path)
        status, headers = await self._head()
        if headers.get("transfer-encoding") == "chunked":
            return status, await self._chunks()
        return status, await self.reader.readexactly(int(headers.get("content-length", "0")))

    async def listen(self, path: str) -> None:
        """Begins an event stream; its chunks are read with `event`."""
        await self._send(path)
        status, _ = await self._head()
        if status != 200:
            raise WireError(f"{path}: {status}, expected 200")

    async def event(self) -> bytes:
        """The next piece of an event stream."""
        return await self._chunk()

    async def _send(self, path: str) -> None:
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{self.extra}\r\n".encode())
        await self.writer.drain()

    async def _head(self) -> tuple[int, dict[str, str]]:
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError as error:
            raise WireError("the server closed the connection") from error
        first, *lines = head.splitlines()
        pairs = (line.partition(":") for line in lines if ":" in line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _chunk(self) -> bytes:
        size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def _chunks(self) -> bytes:
        parts = []
        while part := await self._chunk():
            parts.append(part)
        return b"".join(parts)


async def timed(caller: Caller, path: str) -> tuple[float, int]:
    """Seconds until the whole answer is there, and its bytes. Raises WireError unless it is a page."""
    began = time.perf_counter()
    status, body = await caller.get(path)
    if status != 200:
        raise WireError(f"{path}: {status}, expected 200")
    return time.perf_counter() - began, len(body)
