"""An object that a row of docs/doors.md names."""

from collections.abc import Mapping
from typing import NamedTuple


class Thing(NamedTuple):
    """What it puts into a request, and the words that give it away."""

    blanks: Mapping[str, str] = {}
    fields: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    marks: tuple[str, ...] = ()
