"""Rejected messages once more through the writer, oldest first; each in one transaction with its mark."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import psycopg

from ingest.batch import Origin
from ingest.watch_sql import QUERIES
from ingest.writer import Raw, Writer
from runtime.db import Connection

TURNS = 3


class Outcome(StrEnum):
    STORED = "stored"
    KNOWN = "known"
    """its number had come already with other bytes: nothing is missing, and it is open no longer"""
    REFUSED = "refused"
    GONE = "gone"
    """somebody else has replayed or deleted it meanwhile"""


class Filter(NamedTuple):
    """Which rejects; empty parts mean any. `reason` is a part of the text, `device` a code."""

    ids: Sequence[int] = ()
    reason: str = ""
    device: str = ""
    topics: Sequence[str] = ()

    def values(self) -> dict[str, Any]:
        """For the statements."""
        return {
            "ids": list(self.ids),
            "reason": f"%{_literal(self.reason)}%" if self.reason else "",
            "device": self.device,
            "topics": list(self.topics),
        }


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def open_ids(connection: Connection, chosen: Filter) -> list[int]:
    """The open rejects of a filter, oldest first."""
    return [row["id"] for row in connection.execute(QUERIES["rejects_open"], chosen.values())]


def replay(connection: Connection, writer: Writer, ids: Iterable[int]) -> Iterator[Outcome]:
    """Replays one after the other; a second replay of the same changes nothing. Raises psycopg.OperationalError."""
    for number in ids:
        yield _patiently(connection, writer, number)


def _patiently(connection: Connection, writer: Writer, number: int) -> Outcome:
    """Ingest may lock the same rows in its own order; whom the database stops then begins again."""
    for turn in range(TURNS):
        try:
            with connection.transaction():
                return _one(connection, writer, number)
        except psycopg.errors.DeadlockDetected:
            if turn + 1 == TURNS:
                raise
    raise AssertionError("a turn returns or raises")


def _one(connection: Connection, writer: Writer, number: int) -> Outcome:
    row = connection.execute(QUERIES["reject_lock"], {"id": number}).fetchone()
    if row is None:
        return Outcome.GONE
    # Whoever refuses it again writes a reason; an empty one afterwards means that nobody did.
    connection.execute(QUERIES["reject_reason"], {"id": number, "reason": ""})
    origin = Origin.COUNTED if row["counted"] else Origin.KEPT
    written = writer.write([Raw(row["topic"], row["payload"])], origin, row["received"])
    after = connection.execute(QUERIES["reject_lock"], {"id": number}).fetchone()
    if after is None or after["reason"]:
        return Outcome.REFUSED
    connection.execute(QUERIES["reject_done"], {"id": number, "reason": row["reason"]})
    return Outcome.STORED if written.stored else Outcome.KNOWN
