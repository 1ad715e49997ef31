"""PURE: a policy's body as the TOML file that `sunlit alerting check` and `activate` take."""

import json
from collections.abc import Mapping
from typing import Any


def as_toml(body: Mapping[str, Any]) -> str:
    """The same content; the version is not part of the file, and what is not set is left out."""
    kept = {key: value for key, value in body.items() if key != "version"}
    return "\n".join(_table((), kept)).strip() + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> list[str]:
    plain = {key: value for key, value in table.items() if value is not None and not _is_table(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        name = (*path, _key(key))
        if isinstance(value, Mapping):
            lines += ["", f"[{'.'.join(name)}]", *_table(name, value)]
        elif _is_table(value):
            for one in value:
                lines += ["", f"[[{'.'.join(name)}]]", *_table(name, one)]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    # Basic strings of TOML escape as JSON does; DEL and what JSON writes in halves they do not know.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
