"""A backup: one consistent moment of the database as pg_dump's folder, whole or not there."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from runtime.storage import manifest, programs


class BackupError(RuntimeError):
    """A backup that cannot be made; the text says why."""


def backup(database: DatabaseSettings, target: Path, tell: Callable[[str], None], jobs: int = 1) -> manifest.Manifest:
    """Writes the folder `target` while services go on. Raises BackupError, ProgramError, psycopg.Error, OSError.

    `tell` hears of every table that is written.
    """
    if target.exists():
        raise BackupError(f"{target}: exists; expected a new name")
    if not target.parent.is_dir():
        raise BackupError(f"{target}: there is no folder {target.parent}")
    part = target.with_name(f"{target.name}.part")
    with connect(database, Role.OWNER) as connection, _alone(target):
        program = programs.find("pg_dump", connection.info.server_version // 10_000)
        # Held open until the end: pg_dump and the counts see the same moment.
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot() AS name").fetchone()
        assert row
        # What is left of a backup that was killed.
        shutil.rmtree(part, ignore_errors=True)
        try:
            words = ["--format=directory", f"--jobs={jobs}", f"--snapshot={row['name']}", f"--file={part}"]
            programs.run(program, words, database.url, tell)
            tell("counting rows")
            made = manifest.describe(connection)
            manifest.write(part, made)
            _to_disk(part)
            part.rename(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    _sync(target.parent)
    return made


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Holds the name against other backups. The system lets go of it when the process ends, however it ends.

    The lock is on a file beside the backup, for pg_dump wants a folder that is empty; one that another backup has
    just taken away locks nothing.
    """
    path = target.with_name(f".{target.name}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError) as error:
            raise BackupError(f"{target}: another backup is writing {target.name}.part; expected a new name") from error
        try:
            if target.exists():
                raise BackupError(f"{target}: exists; expected a new name")
            yield
        finally:
            path.unlink(missing_ok=True)


def size(folder: Path) -> int:
    """Bytes of all files of a backup."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _to_disk(folder: Path) -> None:
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
