"""What the broker is told: its list of rights, its list of revoked certificates, and that it should read them again."""

import os
import signal
from pathlib import Path
from typing import NamedTuple

from runtime.db import Connection
from runtime.devices import register
from runtime.devices.acl import files
from runtime.devices.authority import Authority
from runtime.devices.files import FileFault, read, write
from runtime.settings import WireSettings


class Applied(NamedTuple):
    """What was written anew, and whether the broker has been told; None: nobody said where it is."""

    written: tuple[str, ...]
    told: bool | None
    behind: int = 0
    """certificates out of use that the list of revoked ones does not name, for want of the authority's key"""


def apply(connection: Connection, settings: WireSettings, signer: Authority | None) -> Applied:
    """Writes what has changed and tells the broker. Without the authority the rights alone: they shut out as well.

    Raises FileFault.
    """
    now = register.now(connection)
    known = register.credentials(connection)
    written: list[str] = []
    for name, text in files(register.devices(connection), known, now, settings.listeners).items():
        if _differs(settings.broker / name, text.encode()):
            # The broker's own user must read it; it holds names, no secrets.
            write(settings.broker / name, text.encode(), 0o644)
            written.append(name)
    out = [one for one in known if not one.serves(now) and now < one.not_after]
    named = settings.broker / "crl.serials"
    serials = "".join(f"{one.serial}\n" for one in out)
    behind = 0
    if signer is not None and (_differs(named, serials.encode()) or not (settings.broker / "crl.pem").exists()):
        entries = [(one.serial, one.revoked_at or one.ends_at or now) for one in out]
        write(settings.broker / "crl.pem", signer.revocations(entries, now), 0o644)
        write(named, serials.encode(), 0o644)
        written.append("crl.pem")
    elif signer is None:
        listed = set(named.read_text("utf-8").split()) if named.exists() else set()
        behind = sum(one.serial not in listed for one in out)
    return Applied(tuple(written), tell(settings.broker_pid) if written else None, behind)


def _differs(path: Path, content: bytes) -> bool:
    return not path.exists() or read(path) != content


def tell(pid_file: Path | None) -> bool | None:
    """Sends SIGHUP to the broker. None when no pid file is set. Raises FileFault."""
    if pid_file is None:
        return None
    text = read(pid_file).decode("utf-8", "replace").strip()
    if not text.isdigit():
        raise FileFault(f"{pid_file}: {text[:20]!r}, expected a process id")
    try:
        os.kill(int(text), signal.SIGHUP)
    except OSError as error:
        raise FileFault(
            f"{pid_file}: process {text} cannot be told ({error.strerror}); is the broker running?"
        ) from error
    return True
