"""What is measured: a database, a broker and ingest of the bench's own, or a system that runs already."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from ingest.bench.sql import QUERIES
from runtime.db import Connection, Role, connect
from runtime.load.machine import cpu_seconds, memory_mb
from runtime.load.own import own_parts
from runtime.load.payload import PREFIX, Member
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.process import Process


class BenchError(RuntimeError):
    """The bench cannot go on; the text says why."""


@dataclass
class System:
    """Where the load goes. What runs elsewhere has no process ids here, and its cost is not told."""

    settings: Settings
    own: bool
    broker_pids: list[int] = field(default_factory=list)
    database_pids: list[int] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    @property
    def ingest_pids(self) -> list[int]:
        return [worker.child.pid for worker in self.workers if worker.child is not None]

    def start_ingest(self) -> None:
        """Starts the workers, where they are the bench's own."""
        for worker in self.workers:
            worker.start()

    def check(self) -> None:
        """Raises BenchError when a worker has ended."""
        for worker in self.workers:
            if not worker.alive:
                raise BenchError(f"{worker.name} has ended: {worker.tail(3)}")

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far by name."""
        found = {}
        if self.broker_pids:
            found["broker"] = cpu_seconds(self.broker_pids)
        if self.workers:
            found["ingest"] = cpu_seconds(self.ingest_pids)
        if self.database_pids:
            found["database"] = cpu_seconds(self.database_pids, families=True)
        return found

    def ingest_memory_mb(self) -> float:
        return round(memory_mb(self.ingest_pids), 1)


@contextmanager
def own_system(settings: Settings, home: Path | None, workers: int, plain: bool) -> Iterator[System]:
    """A fresh PostgreSQL (durable, as it comes), a broker on a free port, and `workers` of ingest not yet started."""
    with own_parts(settings, home, {"ingest": settings.ingest.model_dump()}, plain=plain) as parts:
        made = System(parts.settings, True, parts.broker_pids, parts.database_pids)
        for number in range(1, workers + 1):
            shard = ["--shard", f"{number}/{workers}"] if workers > 1 else []
            made.workers.append(parts.service(f"ingest-{number}", "ingest", "run", *shard))
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.stop()


@contextmanager
def target_system(settings: Settings, url: str) -> Iterator[System]:
    """A system that runs already: the bench brings its devices and removes them and all they said at the end."""
    database = DatabaseSettings(url=url, role_password=settings.database.role_password)
    made = System(settings.model_copy(update={"database": database}), own=False)
    with connect(database, Role.OWNER) as connection:
        claimed = connection.execute(QUERIES["claim"]).fetchone()
        if not claimed or not claimed["got"]:
            raise BenchError("another bench runs against this database; wait for its end")
        remove(connection)
        try:
            yield made
        finally:
            remove(connection)


def register(database: DatabaseSettings, members: Sequence[Member]) -> dict[str, int]:
    """Enters devices into the register and returns their ids by code."""
    with connect(database, Role.OWNER) as connection:
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(QUERIES["register"]) as copy:
            for member in members:
                copy.write_row((member.code, "lift", member.site))
        rows = connection.execute(QUERIES["devices"], {"prefix": f"{PREFIX}%"}).fetchall()
    return {row["code"]: row["id"] for row in rows}


def remove(connection: Connection) -> None:
    """Deletes the bench's devices and every row that says something of them. Raises BenchError."""
    rows = connection.execute(QUERIES["devices"], {"prefix": f"{PREFIX}%"}).fetchall()
    devices = [row["id"] for row in rows]
    if not devices:
        return
    try:
        with connection.transaction():
            for row in connection.execute(QUERIES["device_tables"]).fetchall():
                connection.execute(
                    sql.SQL("DELETE FROM {} WHERE device_id = ANY(%s)").format(sql.Identifier(row["name"])), (devices,)
                )
            connection.execute(QUERIES["forget_rejects"], {"prefix": f"{PREFIX}%"})
            connection.execute("DELETE FROM device WHERE id = ANY(%s)", (devices,))
    except psycopg.Error as error:
        raise BenchError(f"the bench's devices cannot be removed: {' '.join(str(error).split())}") from error
