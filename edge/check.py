"""edge.toml looked at as a whole: every fault at once, with its line, key, value and what was expected."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import NODEFAULT, Struct

from edge.config import VisionRules
from edge.source import SourceError, parse, without_password
from runtime import toml_lines
from runtime.settings import wire_fault

SECRET = ("token", "password", "secret")
SHOWN = 60

Where = toml_lines.Path


class Fault(Struct, frozen=True):
    """One thing that is wrong; `where` is the path of keys to it."""

    where: Where
    text: str


class Book:
    """A TOML text, what it holds and where it holds it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.content: dict[str, Any] = tomllib.loads(text)
        self.lines = toml_lines.lines(text)

    def line(self, where: Where) -> int:
        """The line of a path, or of the nearest thing around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def say(self, fault: Fault) -> str:
        return f"{self.name}:{self.line(fault.where)}: {dotted(fault.where)}: {fault.text}"

    def all(self, faults: list[Fault]) -> str:
        """Every fault on a line of its own, in the order of the file."""
        ordered = sorted(faults, key=lambda fault: self.line(fault.where))
        return "\n".join(self.say(fault) for fault in ordered)


def dotted(where: Where) -> str:
    """A path as people write it: `camera[0].zone`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(the whole file)"


def faults(content: Mapping[str, Any], kind: type[Struct]) -> list[Fault]:
    """Everything that speaks against `content` as an agent's configuration, without looking at the disk."""
    found = list(_struct(content, kind, ()))
    found += _doubled(content)
    found += _together(content)
    zone = content.get("timezone")
    if isinstance(zone, str):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            found.append(Fault(("timezone",), f"{zone!r}, expected one such as Asia/Shanghai"))
    for index, camera in _tables(content, "camera"):
        source = camera.get("source")
        if isinstance(source, str) and source:
            try:
                parse(source)
            except SourceError as error:
                found.append(Fault(("camera", index, "source"), _short(str(error).removeprefix("source: "))))
    return found


def _struct(value: object, kind: type[Struct], where: Where) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(where, f"{_show(where, value)}, expected a table")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields:
            known = ", ".join(sorted(fields))
            yield Fault((*where, key), f"unknown key, expected one of {known}")
    for name, field in fields.items():
        if name in value:
            yield from _value(value[name], field.type, (*where, name))
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield Fault(where, f"{name}: missing, expected {_named(field.type)}")


def _value(value: object, kind: Any, where: Where) -> Iterator[Fault]:
    """A table or a list of tables is looked into; anything else stands or falls as a whole."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        # A faultless table may still break a rule of the whole, such as two of its keys together.
        inner = list(_struct(value, kind, where))
        yield from inner or _leaf(value, kind, where)
        return
    element = _element(kind)
    if element is not None and isinstance(value, list):
        # Each one by itself; only a list without a fault inside is judged as a list (its length).
        parts = [fault for index, one in enumerate(value) for fault in _value(one, element, (*where, index))]
        yield from parts or _leaf(value, kind, where)
        return
    yield from _leaf(value, kind, where)


def _element(kind: Any) -> Any | None:
    """What a list of any length holds."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_args(bare)[0] if get_origin(bare) is tuple and get_args(bare)[-1] is Ellipsis else None


def _leaf(value: object, kind: Any, where: Where) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        expected, _, _ = str(error).partition(" - at `")
        expected = expected[:1].lower() + expected[1:]
        yield Fault(where, f"{_show(where, value)}: {expected}")


def _doubled(content: Mapping[str, Any]) -> Iterator[Fault]:
    """Each code once: topics, files and rows are named by it."""
    seen: dict[str, Where] = {}
    places: list[tuple[Where, object]] = [(("agent",), content.get("agent"))]
    for name in content:
        places += [((name, index, "device"), table.get("device")) for index, table in _tables(content, name)]
    for where, code in places:
        if not isinstance(code, str):
            continue
        if code in seen:
            yield Fault(where, f"{code!r} stands twice, first as {dotted(seen[code])}; expected each code once")
        seen.setdefault(code, where)


def _together(content: Mapping[str, Any]) -> Iterator[Fault]:
    """What is right by itself and wrong beside the rest."""
    usual = VisionRules()
    cameras = [camera.get("device") for _, camera in _tables(content, "camera")]
    for name in content:
        for index, table in _tables(content, name):
            camera = table.get("camera")
            if isinstance(camera, str) and camera not in cameras:
                known = ", ".join(str(code) for code in cameras) or "none is configured"
                yield Fault((name, index, "camera"), f"{camera!r} is no camera of this file, expected one of: {known}")
    broker = content.get("broker")
    if isinstance(broker, Mapping):
        wrong = wire_fault(*(broker.get(key) for key in ("tls_ca", "tls_cert", "tls_key", "protocol")))
        if wrong is not None:
            yield Fault(("broker", wrong[0]), wrong[1])
    rules = content.get("rules")
    vision = rules.get("vision") if isinstance(rules, Mapping) else None
    if isinstance(vision, Mapping):
        looks, needed = vision.get("looks", usual.looks), vision.get("needed", usual.needed)
        if isinstance(looks, int) and isinstance(needed, int) and needed > looks:
            key = "needed" if "needed" in vision else "looks"
            yield Fault(("rules", "vision", key), f"needed = {needed} of looks = {looks}: nothing would ever be said")


def _tables(content: Mapping[str, Any], name: str) -> list[tuple[int, Mapping[str, Any]]]:
    found = content.get(name)
    return [(i, one) for i, one in enumerate(found) if isinstance(one, Mapping)] if isinstance(found, list) else []


def _named(kind: Any) -> str:
    bare = get_args(kind)[0] if get_origin(kind) is not None and get_args(kind) else kind
    return {"str": "a text", "int": "a whole number", "float": "a number"}.get(getattr(bare, "__name__", ""), "a value")


def _show(where: Where, value: object) -> str:
    if any(word in str(where[-1:]).lower() for word in SECRET) and not str(where[-1]).endswith("_file"):
        return "***"
    return _short(without_password(repr(value)))


def _short(text: str) -> str:
    return text if len(text) <= 3 * SHOWN else f"{text[: 3 * SHOWN]}..."


def read(path: Path) -> Book:
    """The file as a book. Raises OSError, tomllib.TOMLDecodeError or UnicodeDecodeError."""
    return Book(str(path), path.read_text("utf-8"))
