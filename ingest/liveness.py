"""Who is not heard: judged by database time, against the time in which ingest itself could hear. A row a silence."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from contracts.kinds import DeviceKind
from contracts.topics import SHARDS
from ingest.hearing import Ear, Hearing, look
from ingest.watch_sql import QUERIES
from runtime.db import Connection, Role, connect
from runtime.settings import IngestSettings, Settings

log = logging.getLogger(__name__)
EVERY_S = 10.0
NAMED = 5
"""so many are named in one line of the log"""


class Liveness:
    """The rounds of one worker over its shards."""

    def __init__(self, chosen: IngestSettings, shards: Sequence[int] = range(SHARDS)) -> None:
        self.chosen, self.shards = chosen, shards

    def round(self, connection: Connection, since: datetime, now: datetime) -> list[dict[str, Any]]:
        """Opens and ends silences at `now`, holding against nobody what came before `since`; returns what changed."""
        kinds = list(DeviceKind)
        changes = connection.execute(
            QUERIES["round"],
            {
                "now": now,
                "since": since,
                "shards": list(self.shards),
                "kinds": [kind.value for kind in kinds],
                "limits": [self.limit(kind) for kind in kinds],
                "offline": self.chosen.offline_s,
            },
        ).fetchall()
        self._say(changes)
        return changes

    def limit(self, kind: DeviceKind) -> float:
        """After how many seconds without a word a device of a kind is silent."""
        return float(getattr(self.chosen, f"silent_{kind}_s"))

    def _say(self, changes: Sequence[dict[str, Any]]) -> None:
        opened = [row for row in changes if row["what"] == "opened"]
        ended = [row["code"] for row in changes if row["what"] == "ended"]
        if opened:
            words = [f"{row['code']} ({row['cause']}{_behind(row['behind'])})" for row in opened]
            log.warning("silent: %s", _few(words))
        if ended:
            log.info("heard again: %s", _few(ended))


def _behind(count: int) -> str:
    return f", {count} devices behind it" if count else ""


def _few(words: Sequence[str]) -> str:
    rest = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def duty(
    settings: Settings, ears: Callable[[], Sequence[Ear]], shards: Sequence[int] = range(SHARDS)
) -> Callable[[threading.Event], None]:
    """The duty of an ingest process: a round every ten seconds while its lanes hear."""

    def run(stop: threading.Event) -> None:
        liveness = Liveness(settings.ingest, shards)
        hearing: Hearing | None = None
        with connect(settings.database, Role.INGEST) as connection:
            while not stop.is_set():
                row = connection.execute(QUERIES["server_time"]).fetchone()
                assert row is not None
                said = hearing.reason if hearing else ""
                hearing = look(hearing, ears(), time.monotonic(), row["now"])
                if hearing.reason != said:
                    log.info("liveness: %s; silence counts from %s", hearing.reason, f"{hearing.since:%H:%M:%S}")
                liveness.round(connection, hearing.since, hearing.now)
                stop.wait(EVERY_S)

    return run
