"""The register's device codes by id, read again when an unknown one speaks."""

import time

from ingest.sql import QUERIES
from runtime.db import Connection

REFRESH_S = 2.0


class Devices:
    """A cache of `device`; a stranger makes it look again, at most every two seconds."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._read_at = float("-inf")

    def find(self, connection: Connection, codes: set[str]) -> dict[str, int]:
        """The ids of those codes that are registered and not retired."""
        if codes - self._ids.keys() and time.monotonic() - self._read_at > REFRESH_S:
            rows = connection.execute(QUERIES["devices"]).fetchall()
            self._ids = {row["code"]: row["id"] for row in rows}
            self._read_at = time.monotonic()
        return {code: self._ids[code] for code in codes & self._ids.keys()}
