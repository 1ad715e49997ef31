"""Counts of a whole city for a minute: whoever has the same towns may read what was counted for another."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from fastapi import Request

FRESH_S, MOST = 60.0, 200


async def kept(request: Request, key: Hashable, make: Callable[[], Awaitable[Any]]) -> Any:
    """What was made under a key in the last minute, or else is made now. The key holds the viewer's towns."""
    shelf: dict[Hashable, tuple[float, Any]] = request.app.state.__dict__.setdefault("oversight_kept", {})
    now = time.monotonic()
    found = shelf.get(key)
    if found and now - found[0] < FRESH_S:
        return found[1]
    made = await make()
    if len(shelf) >= MOST:
        shelf.clear()
    shelf[key] = (now, made)
    return made
