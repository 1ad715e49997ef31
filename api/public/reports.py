"""Reports from the public: written under the api's role, at a rate that no flood can pass."""

import time
from collections import deque

from fastapi import HTTPException, Request

from runtime.db import Queries

QUERIES = Queries("api.public", "reports.sql")
PER_ADDRESS, PER_CITY, WINDOW_S = 3, 60, 3600.0


class Gate:
    """Counts reports of the last hour in memory; addresses are forgotten with the hour."""

    def __init__(self) -> None:
        self.seen: deque[tuple[float, str]] = deque()

    def admit(self, address: str, now: float) -> bool:
        """Whether one more report may come in."""
        while self.seen and now - self.seen[0][0] > WINDOW_S:
            self.seen.popleft()
        if len(self.seen) >= PER_CITY or sum(known == address for _, known in self.seen) >= PER_ADDRESS:
            return False
        self.seen.append((now, address))
        return True


GATE = Gate()


async def take(request: Request, kind: str, code: str, body: str, contact: str) -> None:
    """Keeps a report about a lift or a restaurant. Raises 404, 422 or 429."""
    words = body.strip()
    if not 1 <= len(words) <= 2000:
        raise HTTPException(422, f"body: {len(words)} characters, expected 1 to 2000")
    if not GATE.admit(request.client.host if request.client else "", time.monotonic()):
        raise HTTPException(429, "too many reports from here; please try again in an hour or call the hotline")
    async with request.app.state.pool.connection() as connection:
        values = {"kind": kind, "code": code, "body": words, "contact": contact.strip()[:200]}
        row = await (await connection.execute(QUERIES["report"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
