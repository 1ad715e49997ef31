"""What the broker is told: its list of rights, its list of revoked certificates, and that it should read them again."""

import os
import signal
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from runtime.db import Connection
from runtime.devices import register
from runtime.devices.acl import Credential, files
from runtime.devices.authority import Authority, AuthorityError
from runtime.devices.files import FileFault, read, there, write
from runtime.devices.issue import authority
from runtime.settings import WireSettings

SERIALS = "crl.serials"
"""which certificates crl.pem names"""
UNTOLD = ".untold"
"""is there from the first change until the broker was told to read again"""


class Applied(NamedTuple):
    """What was written anew, and whether the broker was told; None: nobody said where it is, or nothing was new."""

    written: tuple[str, ...]
    told: bool | None
    behind: int = 0
    """certificates out of use that the list of revoked ones does not name"""
    faults: tuple[str, ...] = ()
    """what could not be written or told; all the rest was"""


def apply(connection: Connection, settings: WireSettings, signer: Authority | None = None) -> Applied:
    """Writes what has changed and tells the broker: the rights first, as they need no key and shut out as well.

    Without a signer the authority is opened where its key lies, once a new list of revoked certificates is due.
    """
    now = register.now(connection)
    known = register.credentials(connection)
    step = _Step(settings)
    for name, text in files(register.devices(connection), known, now, settings.listeners).items():
        step.put(name, text.encode())
    out = [one for one in known if not one.serves(now) and now < one.not_after]
    try:
        behind = _revocations(step, out, now, signer)
    except (AuthorityError, FileFault) as error:
        step.faults.append(f"the list of revoked certificates is as it was: {error}")
        behind = len(_unlisted(settings, out))
    try:
        told = step.tell()
    except FileFault as error:
        step.faults.append(str(error))
        told = False
    return Applied(tuple(step.written), told, behind, tuple(step.faults))


class _Step:
    """Files that differ are written; that the broker has not been told yet is kept beside them until it has."""

    def __init__(self, settings: WireSettings) -> None:
        self.settings = settings
        self.written: list[str] = []
        self.faults: list[str] = []

    def put(self, name: str, content: bytes) -> None:
        """One that cannot be written holds up no other."""
        try:
            if _differs(self.settings.broker / name, content):
                self.write(name, content)
                self.written.append(name)
        except FileFault as error:
            self.faults.append(str(error))

    def write(self, name: str, content: bytes) -> None:
        if self.settings.broker_pid is not None:
            # Before the file itself: whoever is stopped in between has the broker told once too often.
            write(self.settings.broker / UNTOLD, b"", 0o644)
        # The broker's own user must read it; it holds names, no secrets.
        write(self.settings.broker / name, content, 0o644)

    def tell(self) -> bool | None:
        mark = self.settings.broker / UNTOLD
        if self.settings.broker_pid is None or not there(mark):
            return None
        tell(self.settings.broker_pid)
        try:
            mark.unlink(missing_ok=True)
        except OSError as error:
            raise FileFault(f"{mark}: cannot be removed ({error.strerror}), though the broker was told") from error
        return True


def _revocations(step: _Step, out: list[Credential], now: datetime, signer: Authority | None) -> int:
    """Returns how many certificates the list lacks, for want of the authority's key. Raises AuthorityError or
    FileFault."""
    folder, serials = step.settings.broker, "".join(f"{one.serial}\n" for one in out).encode()
    if there(folder / "crl.pem") and not _differs(folder / SERIALS, serials):
        return 0
    if signer is None and not there(step.settings.ca / "ca.key"):
        return len(_unlisted(step.settings, out))
    signer = signer or authority(step.settings)
    entries = [(one.serial, one.revoked_at or one.ends_at or now) for one in out]
    step.write("crl.pem", signer.revocations(entries, now))
    step.written.append("crl.pem")
    write(folder / SERIALS, serials, 0o644)
    return 0


def _unlisted(settings: WireSettings, out: list[Credential]) -> list[Credential]:
    named = settings.broker / SERIALS
    listed = set(read(named).decode("utf-8", "replace").split()) if there(named) else set()
    return [one for one in out if one.serial not in listed]


def _differs(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() != content
    except OSError:
        return True


def tell(pid_file: Path) -> None:
    """Sends SIGHUP to the broker. Raises FileFault."""
    text = read(pid_file).decode("utf-8", "replace").strip()
    if not text.isdigit():
        raise FileFault(f"{pid_file}: {text[:20]!r}, expected a process id")
    try:
        os.kill(int(text), signal.SIGHUP)
    except OSError as error:
        raise FileFault(
            f"{pid_file}: process {text} cannot be told ({error.strerror}); is the broker running?"
        ) from error
