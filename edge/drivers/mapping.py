"""A mapping file: which of a vendor's registers or JSON values is which field of ours. Checked as a whole."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from contracts.messages import ClimateSample, LiftSample, Sample
from edge.config import Strict
from edge.drivers import codes, paths, registers
from edge.drivers.collect import collect
from edge.drivers.shape import Shape, Unfit, readings, value

SHIPPED = files("edge").joinpath("mappings")
Positive = Annotated[float, Meta(gt=0, le=3600)]


class ModbusMapping(Strict, frozen=True, kw_only=True):
    """A vendor's register map."""

    vendor: str
    protocol: Literal["modbus"]
    sample: Literal["lift", "climate"]
    poll_s: Positive = 0.5
    timeout_s: Annotated[float, Meta(gt=0, le=8)] = 2.0
    word_order: registers.Order = "big"
    """which word of a 32-bit number comes first"""
    heartbeat: registers.Register | None = None
    """a register that changes while the vendor's side lives; standing still means that nothing is new"""
    fields: dict[str, registers.Register]
    codes: registers.RegisterCodes | None = None


class MqttMapping(Strict, frozen=True, kw_only=True):
    """A vendor's JSON on MQTT; `{id}` in a topic stands for the vendor's name of the lift."""

    vendor: str
    protocol: Literal["mqtt"]
    sample: Literal["lift", "climate"]
    topic: paths.Topic = ""
    stale_s: Positive = 10.0
    """a value that was not repeated for so long is unknown"""
    on_change: bool = False
    """the vendor speaks when something changes; while it says anything every `stale_s`, all its values hold"""
    alive_topic: paths.Topic = ""
    """where it says, in whatever words, that it lives"""
    time: paths.DocumentTime | None = None
    retained: bool = False
    """whether to believe what the broker kept: its age is not known"""
    mqtt_version: Literal[4, 5] = 4
    fields: dict[str, paths.Path]
    codes: paths.PathCodes | None = None

    @property
    def topics(self) -> set[str]:
        """Every topic that the mapping reads."""
        sources: list[paths.Path | paths.PathCodes] = [*self.fields.values()]
        sources += [self.codes] if self.codes else []
        found = {source.topic or self.topic for source in sources}
        return found | ({self.alive_topic} if self.alive_topic else set())


M = TypeVar("M", bound=ModbusMapping | MqttMapping)
Source = registers.Register | registers.RegisterCodes | paths.Path | paths.PathCodes
SOURCES: Mapping[
    type[Strict], tuple[type[registers.Register | paths.Path], type[registers.RegisterCodes | paths.PathCodes]]
] = {
    ModbusMapping: (registers.Register, registers.RegisterCodes),
    MqttMapping: (paths.Path, paths.PathCodes),
}
"""where each kind of mapping finds a reading, and the fault codes"""
SAMPLES: Mapping[str, type[Sample]] = {"lift": LiftSample, "climate": ClimateSample}


def load(name: str, kind: type[M], sample: type[Sample]) -> tuple[M | None, list[str]]:
    """A shipped mapping by its name, or a file by its path; None with every fault of it."""
    where = SHIPPED.joinpath(f"{name}.toml") if "/" not in name and not name.endswith(".toml") else Path(name)
    try:
        text = where.read_bytes()
    except OSError as error:
        return None, [
            f"mapping: {name!r} cannot be read ({error.strerror}), expected a TOML file or one of {shipped()}"
        ]
    return parse(text, f"mapping {name}", kind, sample)


def shipped() -> list[str]:
    """The names of the mappings that come with Sunlit."""
    return sorted(one.name.removesuffix(".toml") for one in SHIPPED.iterdir() if one.name.endswith(".toml"))


def parse(text: bytes, where: str, kind: type[M], sample: type[Sample]) -> tuple[M | None, list[str]]:
    """The mapping in a TOML text, or None with every fault of it: file, key, value and what was expected."""
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return None, [f"{where}: {error}, expected TOML"]
    errors = list[str]()
    mapping = collect(kind, raw, where, errors)
    if any(raw.get("sample") == name and one is not sample for name, one in SAMPLES.items()):
        errors.append(f"{where}: sample: {raw['sample']!r}, expected the mapping of a {_name(sample)}")
    else:
        errors += [f"{where}: {fault}" for fault in _faults(kind, raw, sample)]
    return (None, errors) if errors else (mapping, [])


def _name(sample: type[Sample]) -> str:
    return next(name for name, kind in SAMPLES.items() if kind is sample)


def _faults(kind: type[M], raw: Mapping[str, Any], sample: type[Sample]) -> list[str]:
    """What no single key tells: names of fields, values that are none of ours, addresses and topics.

    It looks at every part that can be read, also when others cannot: nobody wants to meet the faults one by one.
    """
    one_topic = "topic" in raw
    kinds, found = readings(sample), list[str]()
    fields = raw.get("fields")
    if not fields and isinstance(fields, dict):
        found.append("fields: none, expected at least one")
    for name, table in fields.items() if isinstance(fields, dict) else ():
        source = collect(SOURCES[kind][0], table, name, [])
        if name not in kinds:
            found.append(f"fields.{name}: unknown, expected one of {sorted(kinds)}")
        elif source is not None:
            faults = _shape_faults(name, kinds[name], source) + _place_faults(source, one_topic)
            found += [f"fields.{name}: {fault}" for fault in faults]
    if raw.get("alive_topic") and not raw.get("on_change"):
        found.append("alive_topic: expected only with on_change = true")
    if "heartbeat" in raw and kind is ModbusMapping:
        beat = collect(registers.Register, raw["heartbeat"], "heartbeat", [])
        found += [f"heartbeat: {fault}" for fault in _place_faults(beat, one_topic)]
    if "codes" in raw:
        scheme = collect(SOURCES[kind][1], raw["codes"], "codes", [])
        faults = _place_faults(scheme, one_topic) + (codes.faults(scheme) if scheme else [])
        found += [f"codes: {fault}" for fault in faults]
        if sample is not LiftSample:
            found.append("codes: expected only for a lift")
    return found


def _place_faults(source: Source | None, one_topic: bool) -> list[str]:
    if isinstance(source, registers.Register):
        return registers.faults(source)
    if isinstance(source, registers.RegisterCodes) and source.address + source.count > 65536:
        return [f"address: {source.address}, expected room for {source.count} below 65536"]
    if isinstance(source, paths.Path | paths.PathCodes) and not source.topic and not one_topic:
        return ["topic: missing, expected one here or for the whole mapping"]
    return []


def _shape_faults(name: str, kind: object, shape: Shape) -> list[str]:
    found = list[str]()
    for raw, ours in shape.map.items():
        try:
            value(name, kind, ours, msgspec.structs.replace(shape, map={}, unknown=()))
        except Unfit as error:
            found.append(f"map.{raw}: {error}")
    if shape.invert and "bool" not in str(kind):
        found.append("invert: true, expected only for a field that is true or false")
    return found
