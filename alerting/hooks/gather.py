"""From timelines, histories and silences to happenings, in the order in which they are told."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from alerting.hooks import QUERIES
from alerting.hooks.documents import ACTIONS, Told, told
from alerting.inbox import Horizon, Inbox
from contracts.happenings import encode
from runtime.db import Connection

log = logging.getLogger(__name__)
PAGE, KEEP = 200, 100
BACK = timedelta(days=7)
"""far more than any outage of ours; longer than that nobody waits for news"""
SPACE, KEY = 731, 1
NUMBERED = ("incident", "finding", "silent")


class Gatherer:
    """Any number may run side by side: one at a time writes, so that numbers appear in their order."""

    def __init__(self) -> None:
        self.inboxes = {source: Inbox(KEEP) for source in NUMBERED}
        self.more = False
        """whether a page was full"""

    def cycle(self, connection: Connection, now: datetime) -> int:
        """Writes what happened since; returns how much that was. A row appears here only once it is committed."""
        self.more = False
        with connection.transaction():
            if not _alone(connection):
                return 0
            seen = connection.execute(QUERIES["horizon"]).fetchone()
            assert seen is not None
            return sum(self._numbered(connection, source, seen, now) for source in NUMBERED)

    def sweep(self, connection: Connection, now: datetime) -> int:
        """Everything of a week, whatever the cursors believe, and who is heard again."""
        done = 0
        for source in (*NUMBERED, "heard"):
            while True:
                with connection.transaction():
                    if not _alone(connection):
                        return done
                    found, failed = self._write(connection, source, 0, (), now)
                done += len(found)
                if len(found) + len(failed) < PAGE or failed:
                    break
        return done

    def _numbered(self, connection: Connection, source: str, seen: Mapping[str, Any], now: datetime) -> int:
        inbox = self.inboxes[source]
        if not inbox.look(Horizon(seen["oldest"], seen["next"], seen[source])):
            return 0
        found, failed = self._write(connection, source, inbox.after, sorted(inbox.again), now)
        full = len(found) + len(failed) == PAGE
        inbox.read(sorted([*found, *failed]), found, failed, full)
        self.more |= full
        return len(found)

    def _write(
        self, connection: Connection, source: str, after: int, again: Sequence[int], now: datetime
    ) -> tuple[list[int], list[int]]:
        """The rows that were written, and those that could not be: one that does not fit holds up no other."""
        values = {"after": after, "again": list(again), "since": now - BACK, "limit": PAGE}
        rows = connection.execute(QUERIES[f"new_{source}"], {**values, "actions": ACTIONS.get(source, [])}).fetchall()
        found, failed = [], []
        for row in rows:
            try:
                with connection.transaction():
                    _insert(connection, told(source, row), now)
                found.append(row["source_row"])
            except (msgspec.ValidationError, psycopg.DataError) as error:
                log.error("happening of %s %s: %s", source, row["source_row"], " ".join(str(error).split()))
                failed.append(row["source_row"])
        return found, failed


def _insert(connection: Connection, one: Told, now: datetime) -> None:
    document = one.document
    connection.execute(
        QUERIES["happening_new"],
        {
            "id": document.id,
            "source": one.source,
            "source_row": one.source_row,
            "kind": document.kind,
            "town": document.town,
            "drill": document.drill,
            "subject": one.subject,
            "at": document.at,
            "now": now,
            "document": encode(document).decode(),
        },
    )


def _alone(connection: Connection) -> bool:
    row = connection.execute(QUERIES["alone"], {"space": SPACE, "key": KEY}).fetchone()
    return row is not None and bool(row["mine"])
