"""One batch, one transaction. A batch that the database refuses is halved until the poison stands alone."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import psycopg

from ingest import samples
from ingest.batch import Batch, Item, Origin, Written
from ingest.devices import Devices
from ingest.normalise import Rejected, normalise
from runtime.db import Connection

log = logging.getLogger(__name__)


class Message(Protocol):
    """Bytes as they came from the broker."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


class Raw(NamedTuple):
    """A message from anywhere else."""

    topic: str
    payload: bytes


class _Source(NamedTuple):
    origin: Origin
    received: datetime | None


class Writer:
    """Writes batches over one connection; `write` returns only when the batch is committed."""

    def __init__(self, connection: Connection, devices: Devices) -> None:
        self.connection, self.devices = connection, devices

    def write(
        self, batch: Sequence[Message], origin: Origin = Origin.BROKER, received: datetime | None = None
    ) -> Written:
        """Commits a batch. Raises psycopg.OperationalError when the database is away: then nothing is committed.

        `received`: when it was, for what was refused then.
        """
        return self._write([normalise(raw.topic, raw.payload) for raw in batch], _Source(origin, received))

    def _write(self, items: Sequence[Item], source: _Source) -> Written:
        try:
            return self._commit(items, source)
        except psycopg.OperationalError as error:
            # Too large for the database is a fault of the message; every other one is a fault of the connection.
            if not isinstance(error, psycopg.errors.ProgramLimitExceeded):
                raise
            return self._divide(items, source, error)
        except (psycopg.DatabaseError, ValueError, OverflowError) as error:
            # The driver itself refuses some values (half a character, a number too wide) before the database sees them.
            return self._divide(items, source, error)

    def _commit(self, items: Sequence[Item], source: _Source) -> Written:
        try:
            with self.connection.transaction():
                return Batch(self.connection, self.devices, samples.copy, *source).write(items)
        except psycopg.errors.UniqueViolation:
            # Samples of a stream that is no longer on the books, so old that it was forgotten: stored already.
            with self.connection.transaction():
                return Batch(self.connection, self.devices, samples.copy_around, *source).write(items)

    def _divide(self, items: Sequence[Item], source: _Source, error: Exception) -> Written:
        if len(items) == 1:
            return self._reject(items[0], source, " ".join(str(error).split()))
        half = len(items) // 2
        return self._write(items[:half], source) + self._write(items[half:], source)

    def _reject(self, item: Item, source: _Source, fault: str) -> Written:
        log.warning("database refuses a message on %s: %s", item.topic, fault)
        rejected = Rejected(item.topic, item.payload, f"database: {fault}", item.identity)
        with self.connection.transaction():
            return Batch(self.connection, self.devices, samples.copy, *source).write([rejected])
