"""PURE. A vendor's fault codes beside the national ones: what the vendor said is kept, whether we know it or not."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from edge.config import Strict

NATIONAL = {
    "01": "safety circuit open while running",
    "02": "door fails to close",
    "03": "door fails to open",
    "04": "stopped outside the door zone",
    "05": "unintended car movement",
    "06": "motor run-time limiter",
    "07": "floor position lost",
    "08": "other fault that prevents a restart",
    "40": "back to automatic",
    "41": "mains lost",
    "42": "out of service",
    "43": "inspection mode",
    "44": "fire return",
    "45": "firefighter",
    "46": "emergency power",
    "47": "earthquake",
    "90": "alarm button",
}
"""the national core of fault codes"""
LONGEST = 64


class CodeScheme(Strict, frozen=True, kw_only=True):
    """How a vendor names faults."""

    scheme: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    map: Mapping[str, str] = {}
    """the vendor's code: the national one"""
    none: tuple[str, ...] = ("", "0")
    """words by which the vendor says that there is no fault"""


def translate(scheme: CodeScheme, said: Sequence[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The national codes, and the vendor's own, both without repeats."""
    source = tuple(dict.fromkeys(str(code)[:LONGEST] for code in said if str(code) not in scheme.none))
    return tuple(dict.fromkeys(scheme.map[code] for code in source if code in scheme.map)), source


def faults(scheme: CodeScheme) -> list[str]:
    """What is wrong in a mapping of codes."""
    return [
        f"map.{source}: {code!r}, expected one of the national codes {sorted(NATIONAL)}"
        for source, code in scheme.map.items()
        if code not in NATIONAL
    ]
