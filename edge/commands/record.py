"""What was asked of this agent and what came of it: an audit that only grows, and the ids that are done."""

import logging
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from contracts.messages import Command, Reply
from edge import whole

log = logging.getLogger(__name__)
AUDIT_BYTES, AUDIT_FILES = 1024 * 1024, 8


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit."""

    at: datetime
    step: str
    """received, refused, started, finished, repeated"""
    command: Command
    ok: bool
    reason: str


class Done(msgspec.Struct, frozen=True):
    """A command's last answer, kept for as long as the command could come again."""

    expires: datetime
    reply: Reply


class Record:
    """The folder `commands` in the spool. One thread writes."""

    def __init__(self, folder: Path, *, audit_bytes: int = AUDIT_BYTES, audit_files: int = AUDIT_FILES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.audit_file, self.done_file = folder / "audit.jsonl", folder / "done.jsonl"
        self._bytes, self._files = audit_bytes, audit_files
        self._done = self._load()

    def audit(self, entry: Entry) -> None:
        """Raises OSError when the disk does not take it."""
        if self.audit_file.exists() and self.audit_file.stat().st_size >= self._bytes:
            self._rotate()
        whole.append(self.audit_file, msgspec.json.encode(entry))

    def known(self, command: UUID) -> Reply | None:
        """The answer that a command was given already."""
        done = self._done.get(command)
        return done.reply if done else None

    def keep(self, command: Command, reply: Reply) -> None:
        """Remembers an answer. Raises OSError; it is remembered in memory all the same.

        Over a restart only final ones are kept: a command that was started is then one that was interrupted.
        """
        self._done[command.id] = Done(command.expires, reply)
        if reply.final:
            whole.append(self.done_file, msgspec.json.encode(self._done[command.id]))

    def forget(self, now: datetime) -> None:
        """Lets go of what has expired: an expired command is refused anyway. Raises OSError."""
        kept = {key: done for key, done in self._done.items() if done.expires > now}
        if len(kept) < len(self._done):
            self._done = kept
            whole.write(self.done_file, b"".join(msgspec.json.encode(done) + b"\n" for done in kept.values()))

    def _load(self) -> dict[UUID, Done]:
        if not self.done_file.exists():
            return {}
        found: dict[UUID, Done] = {}
        for number, line in enumerate(self.done_file.read_bytes().splitlines(), 1):
            try:
                done = msgspec.json.decode(line, type=Done)
            except (msgspec.DecodeError, UnicodeDecodeError):
                # The power went in the middle of a line.
                log.warning("%s: line %d is damaged and left out", self.done_file, number)
                continue
            found[done.reply.command] = done
        return found

    def _rotate(self) -> None:
        for number in range(self._files - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self.audit_file.replace(self._numbered(1))
        self._numbered(self._files).unlink(missing_ok=True)

    def _numbered(self, number: int) -> Path:
        return self.audit_file.with_name(f"audit.{number}.jsonl")
