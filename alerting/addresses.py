"""PURE: what may be shown of an address. Many hold a secret: a robot's key, a gateway's password."""

import hashlib
import re
from urllib.parse import urlsplit

FILE = "file:"
PIECE = re.compile(r"[^/?&=@:;,\s]{6,}")


def file_of(address: str) -> str | None:
    """The file that holds the address, where it does not stand in the register itself."""
    return address.removeprefix(FILE) if address.startswith(FILE) else None


def shown(channel: str, address: str) -> str:
    """As much of an address as helps a person to tell it from another, and no secret."""
    file = file_of(address)
    if file is not None:
        return f"file:…/{file.rpartition('/')[2]}"
    if channel == "email":
        name, at, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}" if at and name else "…"
    scheme, host = _parts(address)
    if channel == "webhook":
        return f"{host}/…" if host else "…"
    # Of a robot's address the part that looks like a host is its key.
    return f"{scheme}://…{fingerprint(address)[:4]}" if scheme else "…"


def gateway(channel: str, address: str) -> str:
    """Whose rate limit a letter counts against: our mail relay, a webhook's host, or one robot."""
    if channel == "email":
        return "email"
    if channel == "webhook" and file_of(address) is None:
        return f"webhook {_parts(address)[1]}"
    return f"{channel} {fingerprint(address)[:12]}"


def fingerprint(address: str) -> str:
    """Tells addresses apart without telling them."""
    return hashlib.sha256(address.encode()).hexdigest()


def without(text: str, address: str) -> str:
    """What a gateway or a library said, without the address or pieces of it."""
    kept = text.replace(address, "…") if address else text
    scheme, host = _parts(address)
    public = {scheme, host.partition(":")[0]} if scheme in ("http", "https") else {scheme}
    for piece in sorted(set(PIECE.findall(address)) - public, key=len, reverse=True):
        kept = kept.replace(piece, "…")
    return kept


def _parts(address: str) -> tuple[str, str]:
    """Scheme, and host with its port; empty where the address is none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", ""
    return parts.scheme, f"{host}:{port}" if port else host
