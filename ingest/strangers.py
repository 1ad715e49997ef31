"""Devices that speak and are not in the register, or no longer, or elsewhere: counted, kept up to a bound, and loud."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

import msgspec

from contracts.kinds import Lane
from ingest.watch_sql import QUERIES
from runtime.db import Connection, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
TRIM_EVERY_S = 30.0
ROOM = 1.1
"""so far over its bound a stranger may be before its oldest messages go: few large deletions, not many small ones"""


class _Told(msgspec.Struct):
    """What one transaction adds to a row of `stranger`."""

    site: str
    code: str
    reason: str
    messages: int = 0
    events: int = 0
    lanes: list[str] = msgspec.field(default_factory=list)


class Strangers:
    """Those who spoke in one transaction."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], _Told] = {}

    def add(self, site: str, code: str, topic: str, reason: str) -> None:
        """One message. `reason`: unknown, retired or elsewhere."""
        lane = topic.rpartition("/")[2]
        told = self._told.setdefault((site, code), _Told(site, code, reason))
        told.messages += 1
        told.events += lane == Lane.EVENT
        if lane not in told.lanes:
            told.lanes.append(lane)

    def note(self, connection: Connection, now: datetime) -> None:
        """Writes them down, locked in one order; says who is new, and loudly who has an alarm."""
        if not self._told:
            return
        rows = msgspec.json.encode([self._told[key] for key in sorted(self._told)]).decode()
        for row in connection.execute(QUERIES["strangers"], {"rows": rows, "now": now}).fetchall():
            where = f"{row['code']} at site {row['site']}"
            if row["alarm"]:
                log.error(
                    "EVENT of a device that is not known here (%s): %s; somebody may need help: see who it is, then"
                    " `sunlit ingest adopt %s`",
                    row["reason"],
                    where,
                    row["code"],
                )
            elif row["new"]:
                log.warning(
                    "a device that is not known here (%s) speaks: %s; `sunlit ingest strangers`", row["reason"], where
                )


def trim(connection: Connection, keep: int) -> int:
    """Forgets the oldest messages of strangers beyond `keep` each, events last; returns how many. Numbers stay."""
    forgotten = 0
    over = connection.execute(QUERIES["strangers_over"], {"limit": int(keep * ROOM)}).fetchall()
    for row in over:
        with connection.transaction():
            gone = connection.execute(QUERIES["stranger_trim"], {**row, "keep": keep}).fetchone()
        count = gone["count"] if gone else 0
        forgotten += count
    return forgotten


def duty(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: keeps strangers within their bound, so that none of them fills the disk."""

    def run(stop: threading.Event) -> None:
        with connect(settings.database, Role.INGEST) as connection:
            while not stop.wait(TRIM_EVERY_S):
                trim(connection, settings.ingest.stranger_keep)

    return run
