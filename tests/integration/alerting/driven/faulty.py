"""A connection at which something happens at a chosen point: before or after a statement, or around the commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from runtime.db import Role, conninfo
from runtime.settings import DatabaseSettings


class Crash(BaseException):
    """The process is gone; nothing in it may catch this."""


class Faulty(psycopg.Connection[DictRow]):
    """Counts the points that are passed; at the armed one `happen` is called."""

    countdown = 0
    happen: Callable[[], None] | None = None

    def arm(self, points: int, happen: Callable[[], None]) -> None:
        self.countdown, self.happen = points, happen

    def disarm(self) -> None:
        self.happen = None

    def point(self) -> None:
        if self.happen is None:
            return
        self.countdown -= 1
        if self.countdown <= 0:
            happen, self.happen = self.happen, None
            happen()

    def execute(self, query: Any, params: Any = None, **more: Any) -> psycopg.Cursor[DictRow]:
        self.point()
        done = super().execute(query, params, **more)
        self.point()
        return done

    @contextmanager
    def transaction(self, *given: Any, **more: Any) -> Iterator[psycopg.Transaction]:
        with super().transaction(*given, **more) as transaction:
            yield transaction
            self.point()
        self.point()

    @property
    def in_transaction(self) -> bool:
        return self.info.transaction_status != psycopg.pq.TransactionStatus.IDLE


def open_faulty(database: DatabaseSettings) -> Faulty:
    """A connection as the engine's own, except that nobody waits long for a lock."""
    text = conninfo(database, Role.ALERTING, "lock_timeout=50ms")
    return Faulty.connect(text, autocommit=True, row_factory=dict_row)
