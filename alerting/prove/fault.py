"""PURE: what speaks against a policy, as one line for people and as a record for machines."""

from collections.abc import Iterable

from msgspec import Struct


class Fault(Struct, frozen=True, kw_only=True):
    """One fault: which key, what stands there, what was expected, and the path that shows it."""

    key: str
    value: str
    expected: str
    path: str = ""
    codes: tuple[str, ...] = ()
    """lifts or kitchens for which it holds, the first few"""
    count: int = 0
    """for how many it holds"""

    def line(self, file: str) -> str:
        """File, key, value, expectation, path."""
        shown = f"{file}: {self.key}: {self.value}, expected {self.expected}"
        return f"{shown}; {self.path}" if self.path else shown


def named(codes: Iterable[str], count: int) -> str:
    """The first few of many by their codes."""
    shown = [*codes]
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{', '.join(shown)}{more}"
