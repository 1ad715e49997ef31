"""Identities made at the edge, so that a replay is harmless."""

from uuid import UUID


def uuid7(unix_ms: int, noise: bytes) -> UUID:
    """A time-ordered identity (RFC 9562, version 7) from milliseconds since 1970 and 10 random bytes."""
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError(f"unix_ms: {unix_ms}, expected 0 to 2^48")
    if len(noise) != 10:
        raise ValueError(f"noise: {len(noise)} bytes, expected 10")
    high = int.from_bytes(noise[:2], "big") & 0x0FFF
    low = int.from_bytes(noise[2:], "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=((unix_ms << 80) | (0x7000 << 64) | (high << 64) | 0x8000_0000_0000_0000 | low))
