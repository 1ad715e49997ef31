"""PURE. What is left of a faulty configuration when its faults are taken out, so that the rest can be looked at too."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from edge.check import Fault, Where
from edge.config import EdgeConfig

Places = Mapping[str, Sequence[int]]
"""for each list of tables, where its remaining ones stood in the file"""


def usable(content: Mapping[str, Any], faults: Sequence[Fault]) -> tuple[EdgeConfig, Places] | None:
    """The faultless rest, and its places in the file; None when too little is left."""
    rest: dict[str, Any] = copy.deepcopy(dict(content))
    gone: dict[str, set[int]] = {}
    for fault in faults:
        where = fault.where
        if len(where) > 1 and isinstance(where[1], int) and (len(where) == 2 or where[2] == "device"):
            # A table without a code of its own says nothing of the outside.
            gone.setdefault(str(where[0]), set()).add(where[1])
        elif where:
            _take_out(rest, where)
    places = {}
    for name, value in rest.items():
        if isinstance(value, list):
            places[name] = [index for index in range(len(value)) if index not in gone.get(name, set())]
            rest[name] = [value[index] for index in places[name]]
    for name in ("agent", "site"):
        rest.setdefault(name, "unnamed")
    try:
        return msgspec.convert(rest, EdgeConfig), places
    except msgspec.ValidationError:
        return None


def placed(fault: Fault, places: Places) -> Fault:
    """A fault of the rest, where it stands in the file."""
    where = fault.where
    if len(where) > 1 and isinstance(where[1], int):
        where = (where[0], places[str(where[0])][where[1]], *where[2:])
    return Fault(where, fault.text)


def _take_out(rest: dict[str, Any], where: Where) -> None:
    """Removes what holds a fault: of a device the whole key, elsewhere the innermost one."""
    keys = where[:3] if len(where) > 2 and isinstance(where[1], int) else where
    inner: Any = rest
    for part in keys[:-1]:
        try:
            inner = inner[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(inner, dict):
        inner.pop(keys[-1], None)
