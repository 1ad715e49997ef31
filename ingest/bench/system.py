"""What is measured: a database, a broker and ingest of the bench's own, or a system that runs already."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from psycopg import sql

from ingest.bench.machine import cpu_seconds, memory_mb
from ingest.bench.payload import PREFIX, Member
from ingest.bench.sql import QUERIES
from runtime.db import Connection, Role, connect
from runtime.migrate import migrate
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port
from runtime.stack.postgres import Postgres
from runtime.stack.process import Process, sunlit


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
    folder = Path(mkdtemp(prefix="sunlit-bench-", dir=home))
    # PostgreSQL and the broker, started by root, become users of their own, who must be able to pass.
    folder.chmod(0o755)
    postgres, broker = Postgres(folder / "postgres"), Broker(folder / "broker", free_port())
    made = System(settings, own=True)
    try:
        postgres.start()
        database = postgres.database("sunlit")
        migrate(database, plain=plain)
        broker.start()
        made.settings = settings.model_copy(update={"database": database, "broker": broker.settings})
        made.database_pids = [int((folder / "postgres" / "postmaster.pid").read_text().split()[0])]
        made.broker_pids = [broker.process.child.pid] if broker.process.child else []
        made.workers = [_worker(made.settings, folder, number, workers) for number in range(1, workers + 1)]
        yield made
    finally:
        for worker in made.workers:
            worker.stop()
        broker.process.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _worker(settings: Settings, folder: Path, number: int, workers: int) -> Process:
    sections = {
        "database": {"url": settings.database.url},
        "broker": settings.broker.model_dump(include={"host", "port", "protocol"}),
        "ingest": settings.ingest.model_dump(),
    }
    # A string, a number or a truth value is written in JSON as in TOML.
    lines = [
        line
        for name, values in sections.items()
        for line in (
            f"[{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None),
        )
    ]
    path = folder / "sunlit.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    words = ["ingest", "run", "--config", str(path)]
    if workers > 1:
        words += ["--shard", f"{number}/{workers}"]
    # In the environment, which wins: a person's own settings there would lead ingest to another place.
    place = {
        "SUNLIT_DATABASE__URL": settings.database.url,
        "SUNLIT_BROKER__HOST": settings.broker.host,
        "SUNLIT_BROKER__PORT": str(settings.broker.port),
    }
    return Process(f"ingest-{number}", sunlit(*words), folder / f"ingest-{number}.log", place)


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
