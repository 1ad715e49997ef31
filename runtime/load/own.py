"""A database, a broker and a settings file of a bench's own; all of it is gone when the bench ends."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import psycopg
from psycopg import sql

from runtime.migrate import migrate
from runtime.settings import DatabaseSettings, Settings
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port
from runtime.stack.postgres import Postgres
from runtime.stack.process import Process, sunlit

Value = str | int | float | bool | None


class Parts(NamedTuple):
    """What is there. `settings` name the bench's database and broker, and `file` holds them for services."""

    folder: Path
    settings: Settings
    file: Path
    database_pids: list[int]
    broker_pids: list[int]

    def service(self, name: str, *words: str) -> Process:
        """A service of ours over these parts, not yet started."""
        # In the environment, which wins: a person's own settings there would lead it to another place.
        place = {
            "SUNLIT_DATABASE__URL": self.settings.database.url,
            "SUNLIT_BROKER__HOST": self.settings.broker.host,
            "SUNLIT_BROKER__PORT": str(self.settings.broker.port),
        }
        return Process(name, sunlit(*words, "--config", str(self.file)), self.folder / f"{name}.log", place)


@contextmanager
def own_database(
    home: Path | None, *, plain: bool, server: Mapping[str, str] | None = None
) -> Iterator[tuple[Path, DatabaseSettings]]:
    """A fresh PostgreSQL with our schema (durable, as it comes; `server` are settings of its own), in a new folder.

    Raises PostgresError, OSError.
    """
    folder = Path(mkdtemp(prefix="sunlit-bench-", dir=home))
    # PostgreSQL and the broker, started by root, become users of their own, who must be able to pass.
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres")
    try:
        postgres.start()
        if server:
            configure(postgres, server)
        database = postgres.database("sunlit")
        migrate(database, plain=plain)
        yield folder, database
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_parts(
    settings: Settings,
    home: Path | None,
    sections: Mapping[str, Mapping[str, Value]],
    *,
    plain: bool,
    server: Mapping[str, str] | None = None,
) -> Iterator[Parts]:
    """A database as `own_database` makes it, and a broker on a free port.

    `sections` are what the services are told beside where the two are. Raises PostgresError, BrokerError, OSError.
    """
    with own_database(home, plain=plain, server=server) as (folder, database):
        broker = Broker(folder / "broker", free_port())
        broker.start()
        try:
            made = settings.model_copy(update={"database": database, "broker": broker.settings})
            file = folder / "sunlit.toml"
            file.write_text(_toml(made, sections), "utf-8")
            pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
            yield Parts(folder, made, file, [pid], [broker.process.child.pid] if broker.process.child else [])
        finally:
            broker.process.stop()


def configure(postgres: Postgres, server: Mapping[str, str]) -> None:
    """Settings of a server, which is restarted with them."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for name, value in server.items():
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
    postgres.restart()


def _toml(settings: Settings, sections: Mapping[str, Mapping[str, Value]]) -> str:
    whole = {
        "database": {"url": settings.database.url},
        "broker": settings.broker.model_dump(include={"host", "port", "protocol"}),
        **sections,
    }
    # A string, a number or a truth value is written in JSON as in TOML.
    lines = [
        line
        for name, values in whole.items()
        for line in (
            f"[{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None),
        )
    ]
    return "\n".join(lines) + "\n"
