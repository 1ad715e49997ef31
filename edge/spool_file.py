"""The spool's SQLite file: opened, brought up to date, set aside when it is broken, with a reserve for a full disk."""

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from edge.priority import DANGER

log = logging.getLogger(__name__)
TABLES = """
CREATE TABLE IF NOT EXISTS spool (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, device TEXT NOT NULL, topic TEXT NOT NULL,
    payload BLOB NOT NULL, kept TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS spool_lane ON spool (lane, id);
CREATE TABLE IF NOT EXISTS loss (
    device TEXT NOT NULL, lane TEXT NOT NULL, boot TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS life (event TEXT PRIMARY KEY, rev INTEGER NOT NULL, kept TEXT NOT NULL) WITHOUT ROWID;
"""
LOG_PAGES = 128
RESERVE_BYTES = 2 * 1024 * 1024
"""room for several hundred alarms on a disk that is full"""


class SpoolError(RuntimeError):
    """The spool cannot be opened; the text names its file and says what to do."""


def open_file(path: Path) -> sqlite3.Connection:
    """The database at `path`. A broken one is set aside: no damaged file may keep an alarm back. Raises SpoolError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = _set_aside(path)
            log.error("spool %s: is damaged (%s); set aside as %s, a new one begins", path, error, aside.name)
            return _connect(path)
    except (sqlite3.Error, OSError) as error:
        raise SpoolError(f"spool {path}: cannot be opened ({error}); free the disk or move the file away") from error


def _connect(path: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        opened.execute("PRAGMA journal_mode = WAL")
        # An alarm that was taken survives a power cut.
        opened.execute("PRAGMA synchronous = FULL")
        # A short log: on a full disk its pages are room that alarms could have.
        opened.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        _bring_up_to_date(opened)
        opened.executescript(TABLES)
    except sqlite3.Error:
        opened.close()
        raise
    return opened


def _bring_up_to_date(opened: sqlite3.Connection) -> None:
    """A file of the first version knows no boots, and alarms lie among its events."""
    columns = {row[1] for row in opened.execute("PRAGMA table_info(spool)")}
    if not columns or "boot" in columns:
        return
    rules = ",".join(f"'{rule.value}'" for rule in sorted(DANGER))
    opened.executescript(
        f"""
        BEGIN;
        ALTER TABLE spool ADD COLUMN boot TEXT NOT NULL DEFAULT '';
        ALTER TABLE spool ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
        UPDATE spool SET boot = json_extract(CAST(payload AS TEXT), '$.boot'),
                         seq = json_extract(CAST(payload AS TEXT), '$.seq');
        UPDATE spool SET lane = 'alarm'
        WHERE lane = 'event' AND json_extract(CAST(payload AS TEXT), '$.rule') IN ({rules});
        COMMIT;
        """
    )


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


@contextlib.contextmanager
def transaction(opened: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Raises sqlite3.Error, and then nothing has changed."""
    opened.execute("BEGIN IMMEDIATE")
    try:
        yield
        opened.execute("COMMIT")
    except BaseException:
        if opened.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                opened.execute("ROLLBACK")
        raise


class Reserve:
    """A file that holds room on the disk; given away when an alarm needs it, taken again when there is plenty."""

    def __init__(self, path: Path) -> None:
        self.path, self._held = path, path.exists()
        self._take()

    @property
    def scarce(self) -> bool:
        """Whether what room is left on the disk belongs to alarms alone."""
        if not self._held:
            self._take()
        return not self._held and self._nearly_full()

    def give(self) -> bool:
        """Whether there was something to give."""
        self._held = False
        try:
            self.path.unlink()
        except OSError:
            return False
        log.error("spool %s: the disk is full, the reserve goes to alarms", self.path)
        return True

    def _nearly_full(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < 4 * RESERVE_BYTES

    def _take(self) -> None:
        if self._held or self._nearly_full():
            return
        try:
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            self._held = True
        except OSError as error:
            log.warning("spool %s: no reserve for a full disk (%s)", self.path, error.strerror)
            self.path.unlink(missing_ok=True)
