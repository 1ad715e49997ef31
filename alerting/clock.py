"""The desk's time as the database and this machine's counter give it."""

import logging
import time
from datetime import datetime, timedelta

from alerting.sql import INBOX
from alerting.steady import Steady
from runtime.db import Connection

log = logging.getLogger(__name__)
NOTED = timedelta(seconds=2)


class DeskClock:
    """One per duty. It begins where the desk's time stood, so that a restart does not undo what was held."""

    def __init__(self) -> None:
        self._steady: Steady | None = None
        self._said = False

    def now(self, connection: Connection) -> datetime:
        """The desk's time; says so once when the database's clock was set back."""
        row = connection.execute(INBOX["desk_time"]).fetchone()
        assert row is not None
        if self._steady is None:
            self._steady = Steady(row["latest"])
        found = self._steady.at(row["now"], time.monotonic())
        behind = self._steady.ahead > NOTED
        if behind and not self._said:
            log.error(
                "the database's clock was set back by %.0f s; the desk keeps its own time until it has come up",
                self._steady.ahead.total_seconds(),
            )
        self._said = behind
        return found
