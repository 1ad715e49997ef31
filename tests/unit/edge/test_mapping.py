"""Mapping files: every fault is named at once, and nothing that a file may hold is a traceback."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.messages import ClimateSample, LiftSample, Sample
from edge.config_file import load as edge_config
from edge.drivers import check
from edge.drivers.mapping import ModbusMapping, MqttMapping, load, parse, shipped

MODBUS = 'vendor = "V"\nprotocol = "modbus"\nsample = "lift"\n'
MQTT = 'vendor = "V"\nprotocol = "mqtt"\nsample = "lift"\n'
FIELD = "[fields.car]\naddress = 1\n"
PATH = '[fields.car]\npath = "car"\n'


@pytest.mark.parametrize("name", shipped())
def test_the_mappings_that_come_with_us_are_sound(name: str) -> None:
    kinds: list[tuple[type[ModbusMapping | MqttMapping], type[Sample]]] = [
        (ModbusMapping, LiftSample),
        (ModbusMapping, ClimateSample),
        (MqttMapping, LiftSample),
        (MqttMapping, ClimateSample),
    ]
    found = [load(name, kind, sample)[0] for kind, sample in kinds]
    assert len([one for one in found if one is not None]) == 1


def test_the_examples_in_the_handbook_are_sound(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "drivers.md").read_text("utf-8")
    devices, mapping, rules = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert parse(mapping.encode(), "docs", ModbusMapping, LiftSample)[1] == []
    path = tmp_path / "edge.toml"
    path.write_text('agent = "agent-1"\nsite = "demo"\n' + rules + devices, "utf-8")
    config = edge_config(path)
    assert (config.lift[0].unit, config.rules.climate.special_room.at_most_c) == (3, 24)
    assert check(config.sensor[0]) == []


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MODBUS + FIELD + 'map = { 4 = "running" }\n[codes]\nscheme = "v"\naddress = 9\n', "utf-8")
    mapping, errors = load(str(path), ModbusMapping, LiftSample)
    assert errors == []
    assert mapping is not None
    assert mapping.fields["car"].map == {"4": "running"}
    assert mapping.codes is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MODBUS, ["fields: missing"]),
        (MODBUS + "[fields]\n", ["fields: none"]),
        (MODBUS + "fields = 3\n", ["fields: 3, expected a table of tables"]),
        (MODBUS + "[fields]\ncar = 3\n", ["fields.car: 3, expected a table"]),
        (MODBUS + FIELD + "colour = 1\n", ["fields.car: colour: unknown key"]),
        (MODBUS + "[fields.car]\naddress = 70000\n", ["fields.car: address: 70000: expected int <= 65535"]),
        (MODBUS + '[fields.car]\naddress = "x"\n', ["fields.car: address: 'x': expected int"]),
        (MODBUS + FIELD + 'map = { 1 = "flying" }\n', ["fields.car: map.1: car: 'flying', expected one of"]),
        (MODBUS + "[fields.colour]\naddress = 1\n", ["fields.colour: unknown, expected one of"]),
        (MODBUS + "[fields.speed]\naddress = 1\ninvert = true\n", ["fields.speed: invert"]),
        (MODBUS + FIELD + '[codes]\nscheme = "v"\naddress = 1\nmap = { 5 = "99" }\n', ["codes: map.5: '99'"]),
        (MODBUS + FIELD + '[codes]\nscheme = "v"\naddress = 65535\ncount = 2\n', ["codes: address: 65535"]),
        (MODBUS + FIELD + "[heartbeat]\naddress = 65535\ntype = 'u32'\n", ["heartbeat: address: 65535"]),
        (MODBUS.replace("lift", "climate") + FIELD, ["sample: 'climate', expected the mapping of a lift"]),
        (MODBUS.replace("lift", "boat") + FIELD, ["sample: 'boat'"]),
        (MODBUS.replace("modbus", "mqtt") + FIELD, ["protocol: 'mqtt'"]),
        ("vendor = ", ["expected TOML"]),
    ],
)
def test_faults_of_a_register_map(text: str, words: list[str]) -> None:
    mapping, errors = parse(text.encode(), "mapping v.toml", ModbusMapping, LiftSample)
    assert mapping is None
    assert all(error.startswith("mapping v.toml: ") or error.startswith("mapping v.toml.") for error in errors)
    assert len(errors) == len(words)
    assert all(word in error for word, error in zip(words, errors, strict=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MQTT + PATH, "fields.car: topic: missing"),
        (MQTT + 'topic = "lift/+/state"\n' + PATH, "topic: 'lift/+/state'"),
        (MQTT + 'topic = "t"\n[fields.car]\npath = "a..b"\n', "fields.car: path: 'a..b'"),
        (MQTT + 'topic = "t"\n[fields.car]\npath = "a[x]"\n', "fields.car: path: 'a[x]'"),
        (MQTT + 'topic = "t"\nstale_s = 0\n' + PATH, "stale_s: 0"),
        (MQTT + 'topic = "t"\nalive_topic = "a"\n' + PATH, "alive_topic: expected only with on_change"),
        (MQTT + 'topic = "t"\n' + PATH + '[codes]\nscheme = ""\npath = "c"\n', "codes: scheme: ''"),
    ],
)
def test_faults_of_a_mapping_of_topics(text: str, words: str) -> None:
    mapping, errors = parse(text.encode(), "m", MqttMapping, LiftSample)
    assert mapping is None
    assert [words in error for error in errors] == [True]


def test_all_faults_are_said_at_once() -> None:
    text = MODBUS + "poll_s = 0\n[fields.speed]\naddress = -1\n[fields.colour]\naddress = 1\n[fields.mode]\n"
    text += 'address = 2\nmap = { 1 = "asleep" }\n[codes]\nscheme = "v"\naddress = 3\nmap = { 5 = "99" }\n'
    _, errors = parse(text.encode(), "m", ModbusMapping, LiftSample)
    for words in ("poll_s", "fields.speed", "fields.colour", "fields.mode: map.1", "codes: map.5"):
        assert len([error for error in errors if words in error]) == 1, words


def test_codes_are_for_lifts_alone_and_a_missing_file_is_named(tmp_path: Path) -> None:
    text = MODBUS.replace("lift", "climate") + '[fields.humidity]\naddress = 1\n[codes]\nscheme = "v"\naddress = 1\n'
    assert "only for a lift" in parse(text.encode(), "m", ModbusMapping, ClimateSample)[1][0]
    assert "weikang-w3" in load("nobody", ModbusMapping, LiftSample)[1][0]
    assert "cannot be read" in load(str(tmp_path), ModbusMapping, LiftSample)[1][0]


KEYS = st.sampled_from(("vendor", "protocol", "sample", "fields", "codes", "topic", "address", "path", "map", "car"))
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 99_999) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return (
        '"' + value.encode("unicode_escape").decode().replace("\\x", "\\u00").replace('"', '\\"') + '"'
        if (isinstance(value, str))
        else repr(value)
    )


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from((MODBUS, MQTT, "")))
def test_any_table_is_a_mapping_or_named_faults(table: dict[str, object], head: str) -> None:
    held = {key: value for key, value in table.items() if f"{key} =" not in head}
    text = head + "\n".join(f"{key} = {toml(value)}" for key, value in held.items())
    kinds: tuple[type[ModbusMapping | MqttMapping], ...] = (ModbusMapping, MqttMapping)
    for kind in kinds:
        mapping, errors = parse(text.encode(), "m", kind, LiftSample)
        assert (mapping is None) == bool(errors)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_mapping_or_named_faults(text: bytes) -> None:
    mapping, errors = parse(text, "m", ModbusMapping, LiftSample)
    assert mapping is None
    assert errors
