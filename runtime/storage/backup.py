"""A backup: one consistent moment of the database as pg_dump's folder, whole or not there."""

import os
import shutil
from collections.abc import Callable
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
    # What is left of a backup that was killed.
    shutil.rmtree(part, ignore_errors=True)
    try:
        with connect(database, Role.OWNER) as connection:
            program = programs.find("pg_dump", connection.info.server_version // 10_000)
            # Held open until the end: pg_dump and the counts see the same moment.
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot() AS name").fetchone()
            assert row
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
