"""PURE. From a raw value (a register, a JSON value, a cell of a table) to a field of a sample, or a word why not."""

from collections.abc import Mapping
from enum import IntEnum
from math import isfinite
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from contracts.messages import Sample
from edge.config import Strict
from edge.drivers.collect import plain

S = TypeVar("S", bound=Sample)
Raw = bool | int | float | str
Factor = Annotated[float, Meta(ge=-1e9, le=1e9)]
APART = ("dt", "codes", "source_scheme", "source_codes")
"""fields that are no readings: the time, and the fault codes, which have a scheme of their own"""
TRUE, FALSE = ("true", "1"), ("false", "0")


class Unfit(ValueError):
    """A raw value that is no value of its field; the text names field, value and what was expected."""


class Shape(Strict, frozen=True, kw_only=True):
    """How a raw value becomes ours: looked up in `map`, or turned (`invert`), or `raw * scale + offset`."""

    scale: Factor = 1.0
    offset: Factor = 0.0
    invert: bool = False
    map: Mapping[str, Raw] = {}
    unknown: tuple[Raw, ...] = ()
    """raw values by which the vendor says that it does not know"""


PLAIN = Shape()


def readings(sample: type[Sample]) -> dict[str, Any]:
    """The types of a sample's readings by name."""
    return {field.name: field.type for field in msgspec.structs.fields(sample) if field.name not in APART}


def value(name: str, kind: Any, raw: object, shape: Shape = PLAIN) -> object:
    """A field's value; None when it is unknown. Raises Unfit."""
    if raw is None or (isinstance(raw, Raw) and _key(raw) in {_key(one) for one in shape.unknown}):
        return None
    if not isinstance(raw, Raw):
        raise Unfit(f"{name}: {_short(raw)}, expected a single value")
    meant: Raw = raw
    if shape.map:
        if _key(raw) not in shape.map:
            raise Unfit(f"{name}: {_short(raw)}, expected one of {sorted(shape.map)}")
        meant = shape.map[_key(raw)]
    info = _kind(kind)
    if isinstance(info, msgspec.inspect.BoolType):
        made: object = _bool(name, meant) != shape.invert
    elif isinstance(info, msgspec.inspect.EnumType):
        made = _enum(name, meant, info.cls)
    elif isinstance(info, msgspec.inspect.FloatType):
        made = _float(name, meant) * shape.scale + shape.offset
    else:
        made = _text(meant, shape)
    try:
        return msgspec.convert(made, kind)
    except msgspec.ValidationError as error:
        raise Unfit(f"{name}: {_short(made)}, {plain(error)}") from error


def known(values: Mapping[str, object]) -> dict[str, Any]:
    """Without what is unknown, so that a sample takes its own word for "unknown"."""
    return {name: one for name, one in values.items() if one is not None}


def _kind(kind: Any) -> msgspec.inspect.Type:
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.UnionType):
        return next(one for one in info.types if not isinstance(one, msgspec.inspect.NoneType))
    return info


def _key(raw: Raw) -> str:
    """A raw value as a key of a map: 1, 1.0 and "1" are the same."""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


def _bool(name: str, raw: Raw) -> bool:
    if _key(raw).lower() in TRUE:
        return True
    if _key(raw).lower() in FALSE:
        return False
    raise Unfit(f"{name}: {_short(raw)}, expected true or false")


def _enum(name: str, raw: Raw, kind: type[Any]) -> IntEnum:
    for one in kind:
        if not isinstance(raw, bool) and _key(raw).lower() in (str(int(one)), one.name.lower()):
            found: IntEnum = one
            return found
    raise Unfit(f"{name}: {_short(raw)}, expected one of {[one.name.lower() for one in kind]}")


def _float(name: str, raw: Raw) -> float:
    try:
        number = float("nan") if isinstance(raw, bool) else float(raw)
    except (ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number):
        raise Unfit(f"{name}: {_short(raw)}, expected a number")
    return number


def _text(raw: Raw, shape: Shape) -> str:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and isfinite(raw) and not shape.map:
        return _key(raw * shape.scale + shape.offset)
    return _key(raw)


def _short(raw: object) -> str:
    """A value in a message: nobody wants a megabyte of garbage in the log."""
    text = repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."
