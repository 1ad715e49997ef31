"""PURE: what msgspec says of a policy, as one line that names key, value and expectation, counted as people count."""

import re
from typing import Any

PLACE = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<path>.*?)`)?$", re.DOTALL)
MISSING = re.compile(r"^Object missing required field `(\w+)`$")
UNKNOWN = re.compile(r"^Object contains unknown field `(\w+)`$")
INVALID = re.compile(r"^Invalid (?:enum )?value (.+)$")
HOURS = "Expected `str` matching regex"
SPAN = "expected a span of hours such as 22:00-06:00"
STEP = re.compile(r"(\w+)|\[(\d+)\]")
NOWHERE = object()


def told(said: str, content: Any) -> str:
    """The fault that msgspec named, with the value that stands in `content`; tiers and branches count from 1."""
    found = PLACE.match(said)
    assert found is not None
    text, path = found["said"], found["path"] or ""
    if missing := MISSING.match(text):
        return f"{_key(path, missing[1])}: is missing, expected a value"
    if unknown := UNKNOWN.match(text):
        key = _key(path, unknown[1])
        return f"{key}: {_shown(_at(content, f'{path}.{unknown[1]}'))}expected no such key"
    if invalid := INVALID.match(text):
        return f"{_key(path)}: {invalid[1]}, expected one of those in docs/policy.md or docs/findings.md"
    expected = SPAN if text.startswith(HOURS) else text[:1].lower() + text[1:].replace("`", "")
    return f"{_key(path)}: {_shown(_at(content, path))}{expected}"


def _key(path: str, last: str = "") -> str:
    counted = re.sub(r"\[(\d+)\]", lambda index: f"[{int(index[1]) + 1}]", path)
    return ".".join(part for part in (counted, last) if part)


def _at(content: Any, path: str) -> Any:
    """The value there, or NOWHERE."""
    for name, index in STEP.findall(path):
        try:
            content = content[int(index) if index else name]
        except (KeyError, IndexError, TypeError):
            return NOWHERE
    return content


def _shown(value: Any) -> str:
    return "" if value is NOWHERE or isinstance(value, dict | list) else f"{value!r}, "
