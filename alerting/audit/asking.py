"""The auditor's one connection, in a thread of its own: a database that hangs holds up nobody who has to say so."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import psycopg

from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import DatabaseSettings

T = TypeVar("T")


class Away(RuntimeError):
    """The database does not answer; the text says how that shows."""


class Asking:
    """Work on the database, each piece with a time by which it must be done."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.database = database
        self._work: queue.SimpleQueue[tuple[Callable[[Connection], object], Future[object]] | None]
        self._work = queue.SimpleQueue()
        self._hanging: Future[object] | None = None
        self._connection: Connection | None = None
        self._thread = threading.Thread()

    def ask(self, work: Callable[[Connection], T], seconds: float) -> T:
        """What the work returns. Raises Away, also for work that hangs, and psycopg.Error for what is refused.

        While earlier work hangs nothing new is begun.
        """
        if self._hanging is not None and not self._hanging.done():
            raise Away("it holds the connection and says nothing")
        future: Future[object] = Future()
        self._hanging = future
        self._work.put((work, future))
        if not self._thread.is_alive():
            self._thread = threading.Thread(target=self._serve, name="asking", daemon=True)
            self._thread.start()
        try:
            return future.result(timeout=seconds)  # type: ignore[return-value]
        except TimeoutError:
            raise Away(f"no answer within {seconds:g} s") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Away(fault_of(error)) from error

    def close(self) -> None:
        self._work.put(None)

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            work, future = item
            try:
                future.set_result(work(self._open()))
            except psycopg.Error as error:
                if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                    self._drop()
                future.set_exception(error)
            finally:
                # A fault of ours ends this thread; who asked hears of it, and the next who asks begins another.
                if not future.done():
                    future.set_exception(Away("the look itself failed; the log says why"))
        self._drop()

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.database, Role.AUDITOR)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
