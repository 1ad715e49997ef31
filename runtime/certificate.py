"""PURE: until when a certificate holds, read without a library that an edge box would have to carry for it."""

import ssl
from datetime import UTC, datetime
from typing import NamedTuple

SEQUENCE, EXPLICIT_VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


class NotACertificate(ValueError):
    """The text is no X.509 certificate in PEM."""


class Validity(NamedTuple):
    """The two instants between which a certificate holds."""

    begins: datetime
    ends: datetime


class _Part(NamedTuple):
    tag: int
    content: bytes
    rest: bytes


def validity(pem: str) -> Validity:
    """Of the first certificate in a PEM text. Raises NotACertificate."""
    start, end = pem.find("-----BEGIN CERTIFICATE-----"), pem.find("-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(pem[start : end + len("-----END CERTIFICATE-----")] if start >= 0 else pem)
        return _validity(der)
    except (ValueError, IndexError) as error:
        raise NotACertificate("expected an X.509 certificate in PEM") from error


def _validity(der: bytes) -> Validity:
    """RFC 5280, 4.1: Certificate { TBSCertificate { [version] serial signature issuer validity ... } ... }."""
    rest = _enter(_enter(der))
    if rest[0] == EXPLICIT_VERSION:
        rest = _part(rest).rest
    for _ in ("serial", "signature", "issuer"):
        rest = _part(rest).rest
    begins = _part(_enter(rest))
    return Validity(_time(begins), _time(_part(begins.rest)))


def _enter(der: bytes) -> bytes:
    part = _part(der)
    if part.tag != SEQUENCE:
        raise ValueError(f"tag {part.tag:#x}, expected a sequence")
    return part.content


def _part(der: bytes) -> _Part:
    tag, length, start = der[0], der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("cut short")
    return _Part(tag, der[start : start + length], der[start + length :])


def _time(part: _Part) -> datetime:
    text = part.content.decode("ascii")
    if part.tag == UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two digits of the year, 50 to 99 are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif part.tag != GENERALIZED_TIME:
        raise ValueError(f"tag {part.tag:#x}, expected a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
