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
    """One per duty: what is due and what is leased is told by it, never by this machine's own clock.

    It begins where the desk's time stood, so that a restart does not undo what was held.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._steady: Steady | None = None
        self._said = False
        self.ask()

    def ask(self) -> datetime:
        """Looks at the database's clock; says so once when that was set back."""
        row = self.connection.execute(INBOX["desk_time"]).fetchone()
        assert row is not None
        if self._steady is None:
            self._steady = Steady(row["latest"])
        counted = time.monotonic()
        found = self._steady.at(row["now"], counted)
        self._at = (found, counted)
        behind = self._steady.ahead > NOTED
        if behind and not self._said:
            log.error(
                "the database's clock was set back by %.0f s; the desk keeps its own time until it has come up",
                self._steady.ahead.total_seconds(),
            )
        self._said = behind
        return found

    def __call__(self) -> datetime:
        """The time between two looks."""
        found, since = self._at
        return found + timedelta(seconds=time.monotonic() - since)
