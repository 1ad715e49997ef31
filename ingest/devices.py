"""The register's devices by code, looked up again when an answer has aged."""

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from ingest.sql import QUERIES
from runtime.db import Connection

KNOWN_S = 30.0
"""how long one that was moved may still count as before; who is retired or not known is looked up each time"""


class Device(NamedTuple):
    id: int
    site: str
    retired: bool


class Devices:
    """A cache of `device`. Codes are looked up in one statement a batch, and only those whose answer has aged."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[str, tuple[Device, float]] = {}

    def find(self, connection: Connection, codes: Collection[str]) -> dict[str, Device]:
        """Those codes that are registered, retired ones too."""
        now = self._clock()
        aged = [code for code in codes if code not in self._found or self._found[code][1] <= now]
        if aged:
            for code in aged:
                self._found.pop(code, None)
            for row in connection.execute(QUERIES["devices"], {"codes": aged}):
                until = now if row["retired"] else now + KNOWN_S
                self._found[row["code"]] = Device(row["id"], row["site"], row["retired"]), until
        return {code: self._found[code][0] for code in codes if code in self._found}

    def forget(self, codes: Collection[str]) -> None:
        """Has them looked up again at once."""
        for code in codes:
            self._found.pop(code, None)
