"""PURE. `host:port` in a driver's settings."""

import re

HOST = re.compile(r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$")


class AddressError(ValueError):
    """An address that is none; the text says what was expected."""


def host_and_port(address: str, port: int) -> tuple[str, int]:
    """Both parts; `port` when none is named. Raises AddressError."""
    found = HOST.match(address)
    number = int(found[3]) if found is not None and found[3] else port
    if found is None or not 0 < number < 65536:
        raise AddressError(f"address: {address!r}, expected HOST or HOST:PORT")
    return found[1].strip("[]"), number
