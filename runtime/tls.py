"""The encrypted side of a connection: files that are read again when they change, and words for what is wrong."""

import ssl
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from runtime.certificate import NotACertificate, validity


class Files(NamedTuple):
    """The authority, and what one connects with oneself (both or neither)."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


class TlsFault(NamedTuple):
    """One thing that is wrong; `key` is the setting's: tls_ca, tls_cert or tls_key."""

    key: str
    text: str


class Tls:
    """A context whose files are looked at before every connect: a rotated certificate is taken up without a restart.

    Files that do not fit (half of a pair, in the middle of being carried) change nothing: what worked goes on working.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.refused = ""
        """why the last handshake failed, in the library's words"""
        self.context = _context()
        self.context.sslsocket_class = _telling(self._say)
        self._seen: object = None

    def _say(self, text: str) -> None:
        self.refused = text

    def refresh(self) -> str:
        """Takes up what has changed. Returns what is wrong with the files, or nothing."""
        seen = [_stamp(path) for path in self.files]
        if seen == self._seen:
            return ""
        fault = next(unusable(self.files), None)
        if fault is not None:
            return f"{fault.key}: {fault.text}"
        _load(self.context, self.files)
        self._seen = seen
        return ""


def faults(files: Files, now: datetime) -> Iterator[TlsFault]:
    """Everything that speaks against these files, also what will not stop a connection yet."""
    yield from unusable(files)
    if files.key is not None and files.key.exists():
        mode = stat.S_IMODE(files.key.stat().st_mode)
        if mode & 0o077:
            yield TlsFault("tls_key", f"{str(files.key)!r} has mode {mode:04o}, expected 0600: it is nobody else's")
    for key, path in (("tls_ca", files.ca), ("tls_cert", files.cert)):
        if path is not None and path.exists():
            yield from _dates(key, path, now)


def _dates(key: str, path: Path, now: datetime) -> Iterator[TlsFault]:
    try:
        begins, ends = validity(path.read_text("utf-8"))
    except (NotACertificate, OSError, UnicodeDecodeError):
        # Said by `unusable`.
        return
    if now >= ends:
        yield TlsFault(key, f"{str(path)!r} has expired on {ends:%Y-%m-%d %H:%M} UTC, expected one that still holds")
    elif now < begins:
        yield TlsFault(key, f"{str(path)!r} holds only from {begins:%Y-%m-%d %H:%M} UTC; is the clock right?")


def unusable(files: Files) -> Iterator[TlsFault]:
    """What keeps the files from being used at all; nothing about dates, of which the other side judges."""
    readable = True
    for key, path in (("tls_ca", files.ca), ("tls_cert", files.cert), ("tls_key", files.key)):
        if path is None:
            continue
        try:
            with path.open("rb") as file:
                file.read(1)
        except OSError as error:
            readable = False
            yield TlsFault(key, f"{str(path)!r} cannot be read ({error.strerror}), expected a file")
    if not readable:
        return
    try:
        _context().load_verify_locations(str(files.ca))
    except (ssl.SSLError, OSError):
        yield TlsFault("tls_ca", f"{str(files.ca)!r} is no certificate in PEM")
        return
    if files.cert is None or files.key is None:
        return
    try:
        validity(files.cert.read_text("utf-8"))
    except (NotACertificate, OSError, UnicodeDecodeError):
        yield TlsFault("tls_cert", f"{str(files.cert)!r} is no certificate in PEM")
        return
    try:
        _load(_context(), files)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield TlsFault("tls_key", f"{str(files.key)!r} does not belong to the certificate {str(files.cert)!r}")
        else:
            yield TlsFault("tls_key", f"{str(files.key)!r} is no private key in PEM without a passphrase")
    except OSError as error:
        yield TlsFault("tls_key", f"{str(files.key)!r} cannot be read ({error.strerror or error})")


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load(context: ssl.SSLContext, files: Files) -> None:
    context.load_verify_locations(str(files.ca))
    if files.cert is not None and files.key is not None:
        # Without a word for it, a key with a passphrase would ask for one at the terminal.
        context.load_cert_chain(str(files.cert), str(files.key), password="")


def _stamp(path: Path | None) -> object:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _telling(say: Callable[[str], None]) -> type[ssl.SSLSocket]:
    """The client does not say why a handshake failed; the socket knows."""

    class Telling(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except (ssl.SSLError, OSError) as error:
                say(readable(error))
                raise

        def recv(self, *args: Any, **kwargs: Any) -> bytes:
            try:
                return super().recv(*args, **kwargs)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                # In TLS 1.3 the other side's judgement of our certificate comes with the first bytes.
                say(readable(error))
                raise

    return Telling


def readable(error: Exception) -> str:
    """What people need of an error of the TLS library."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message}"
    reason = getattr(error, "reason", None)
    if isinstance(reason, str) and "ALERT" in reason:
        return f"it does not take our certificate: {reason.partition('ALERT_')[2].lower().replace('_', ' ')}"
    return str(reason or error)
