"""PURE. From a table of TOML to a struct, with every fault named and not only the first."""

from collections.abc import Mapping
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

T = TypeVar("T", bound=Struct)


def collect(kind: type[T], raw: object, where: str, errors: list[str]) -> T | None:
    """The struct in `raw`, or None with lines in `errors` that name key, value and what was expected."""
    if not isinstance(raw, Mapping):
        errors.append(f"{where}: {raw!r}, expected a table")
        return None
    before, values = len(errors), dict[str, object]()
    fields = msgspec.structs.fields(kind)
    known = sorted(field.name for field in fields)
    errors += [f"{where}: {key}: unknown key, expected one of {known}" for key in raw if key not in known]
    for field in fields:
        if field.name in raw:
            values[field.name] = _one(field.type, raw[field.name], f"{where}: {field.name}", errors)
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            errors.append(f"{where}: {field.name}: missing, expected a value")
    return kind(**values) if len(errors) == before else None


def _one(kind: object, raw: object, where: str, errors: list[str]) -> object:
    struct = _struct(kind)
    if struct is not None:
        return collect(struct, raw, where, errors)
    if get_origin(kind) is dict:
        inner = _struct(get_args(kind)[1])
        if inner is not None:
            return _tables(inner, raw, where, errors)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        errors.append(f"{where}: {raw!r}: {plain(error)}")
        return None


def _tables(kind: type[Struct], raw: object, where: str, errors: list[str]) -> dict[str, Struct | None]:
    if not isinstance(raw, Mapping):
        errors.append(f"{where}: {raw!r}, expected a table of tables")
        return {}
    return {str(key): collect(kind, value, f"{where}.{key}", errors) for key, value in raw.items()}


def _struct(kind: object) -> type[Struct] | None:
    """The struct that a type is, or may be beside None."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    found = [option for option in options if isinstance(option, type) and issubclass(option, Struct)]
    return found[0] if found else None


def plain(error: msgspec.ValidationError) -> str:
    """What was expected, in the words of our own lines."""
    text = str(error).replace("`", "")
    return text[0].lower() + text[1:]
