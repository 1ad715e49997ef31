"""From raw values to fields: tables that a technician can read, and anything at all from hypothesis."""

from enum import IntEnum
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import CarStatus, Direction, Power, ServiceMode
from contracts.messages import ClimateSample, LiftSample
from edge.config import DriverConfig
from edge.drivers import DriverError, codes, paths
from edge.drivers.mqtt import MqttDriver
from edge.drivers.shape import PLAIN, Raw, Shape, Unfit, known, readings, value
from runtime.bus import Incoming

LIFT = readings(LiftSample)


@pytest.mark.parametrize(
    ("name", "raw", "shape", "expected"),
    [
        ("door_closed", True, PLAIN, True),
        ("door_closed", 0, PLAIN, False),
        ("door_closed", 1.0, PLAIN, True),
        ("door_closed", "true", PLAIN, True),
        ("door_closed", 1, Shape(invert=True), False),
        ("door_closed", "shut", Shape(map={"shut": True, "open": False}), True),
        ("door_closed", "open", Shape(map={"shut": True, "open": False}, invert=True), True),
        ("car", 1, PLAIN, CarStatus.RUNNING),
        ("car", "Running", PLAIN, CarStatus.RUNNING),
        ("mode", "2", PLAIN, ServiceMode.INSPECTION),
        ("mode", 9, Shape(map={"9": "firefighter"}), ServiceMode.FIREFIGHTER),
        ("direction", 2.0, PLAIN, Direction.DOWN),
        ("power", False, Shape(map={"true": "mains", "false": "failed"}), Power.FAILED),
        ("speed", -1750, Shape(scale=0.001), -1.75),
        ("speed", "1.5", PLAIN, 1.5),
        ("load", 32, Shape(scale=10, offset=-20), 300.0),
        ("load", 65535, Shape(unknown=(65535,)), None),
        ("load", 65535.0, Shape(unknown=("65535",)), None),
        ("floor", 3, PLAIN, "3"),
        ("floor", 3, Shape(offset=-4), "-1"),
        ("floor", 3.0, PLAIN, "3"),
        ("floor", 0, Shape(map={"0": "B1"}), "B1"),
        ("floor", None, PLAIN, None),
        ("passenger", None, PLAIN, None),
    ],
)
def test_a_raw_value_becomes_a_field(name: str, raw: object, shape: Shape, expected: object) -> None:
    assert value(name, LIFT[name], raw, shape) == expected


@pytest.mark.parametrize(
    ("name", "raw", "shape", "words"),
    [
        ("door_closed", 2, PLAIN, "door_closed: 2, expected true or false"),
        ("door_closed", "ajar", PLAIN, "door_closed: 'ajar', expected true or false"),
        ("door_closed", "ajar", Shape(map={"shut": True}), r"'ajar', expected one of \['shut'\]"),
        ("door_closed", [True], PLAIN, "expected a single value"),
        ("speed", 99, PLAIN, "speed: 99.0, expected float <= 20"),
        ("speed", "fast", PLAIN, "speed: 'fast', expected a number"),
        ("speed", float("nan"), PLAIN, "expected a number"),
        ("speed", True, PLAIN, "speed: True, expected a number"),
        ("speed", 10**400, PLAIN, "expected a number"),
        ("load", -1, PLAIN, "load: -1.0, expected float >= 0"),
        ("mode", 8, PLAIN, "mode: 8, expected one of .*'inspection'"),
        ("car", True, PLAIN, "car: True, expected one of"),
        ("floor", "MEZZANINE", PLAIN, "floor: 'MEZZANINE', expected str of length <= 4"),
        ("floor", {"n": 1}, PLAIN, "expected a single value"),
    ],
)
def test_what_is_no_value_is_said_with_what_was_expected(name: str, raw: object, shape: Shape, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        value(name, LIFT[name], raw, shape)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())


@settings(deadline=None)
@given(st.sampled_from(sorted(LIFT)), ANYTHING)
def test_whatever_comes_is_a_value_or_a_short_word_why_not(name: str, raw: object) -> None:
    try:
        found = value(name, LIFT[name], raw)
    except Unfit as error:
        assert str(error).startswith(f"{name}: ")
        assert len(str(error)) < 300
    else:
        sample = LiftSample(**known({name: found}))
        assert msgspec.convert(msgspec.to_builtins(sample), LiftSample) == sample


@settings(deadline=None)
@given(st.sampled_from(sorted(LIFT)), st.data())
def test_a_fields_own_values_come_back_as_they_are(name: str, data: st.DataObject) -> None:
    own: dict[str, st.SearchStrategy[object]] = {
        "mode": st.sampled_from(ServiceMode),
        "car": st.sampled_from(CarStatus),
        "direction": st.sampled_from(Direction),
        "power": st.sampled_from(Power),
        "floor": st.text(max_size=4),
        **{field: st.floats(0, 20) for field in ("speed", "position", "load", "acceleration")},
    }
    raw = data.draw(own.get(name, st.booleans()))
    said = raw.name if isinstance(raw, IntEnum) else raw
    assert isinstance(said, Raw)
    assert value(name, LIFT[name], said) == raw


def test_only_readings_are_fields() -> None:
    assert set(readings(ClimateSample)) == {"temperature", "humidity", "door_open", "uv_lamp"}
    assert not set(LIFT) & {"dt", "codes", "source_codes", "source_scheme"}


SCHEME = codes.CodeScheme(scheme="vendor", map={"E03": "03", "E33": "03", "17": "04"})


@pytest.mark.parametrize(
    ("said", "national", "source"),
    [
        ([], (), ()),
        (["0", ""], (), ()),
        (["E03"], ("03",), ("E03",)),
        ([17, "E99"], ("04",), ("17", "E99")),
        (["E03", "E33", "E03"], ("03",), ("E03", "E33")),
        (["x" * 100], (), ("x" * 64,)),
    ],
)
def test_a_vendors_codes_are_kept_beside_the_national_ones(
    said: list[object], national: tuple[str, ...], source: tuple[str, ...]
) -> None:
    assert codes.translate(SCHEME, said) == (national, source)


DOCUMENT = {"a": {"b": [{"c": 1}, 2]}, "d": None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b[0].c", 1),
        ("a.b[1]", 2),
        ("d", None),
        ("a.b[2]", paths.MISSING),
        ("a.c", paths.MISSING),
        ("d.e", paths.MISSING),
        ("a.b.c", paths.MISSING),
    ],
)
def test_a_path_finds_its_value(path: str, expected: object) -> None:
    assert paths.find(DOCUMENT, path) == expected


@pytest.mark.parametrize(
    ("found", "unit", "expected"),
    [
        (1.5, "s", 1.5),
        (1500, "ms", 1.5),
        ("1970-01-01T08:00:01.500+08:00", "iso", 1.5),
        ("1970-01-01T08:00:01", "iso", None),
        ("soon", "iso", None),
        (1500, "iso", None),
        ("1500", "ms", None),
        (True, "s", None),
        (None, "s", None),
    ],
)
def test_a_vendors_time(found: object, unit: Literal["s", "ms", "iso"], expected: float | None) -> None:
    assert paths.seconds(found, unit) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("data", "ts", "floor", "speed", "door", "state", "sensors", "codes")), inner)
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.binary(max_size=60) | JSON.map(msgspec.json.encode), st.sampled_from(("realtime", "fault")))
def test_whatever_a_vendor_sends_is_taken_or_left(payload: bytes, topic: str) -> None:
    config = DriverConfig(device="lift-1", address="a", mapping="hengsheng-cloudbox", vendor_id="L3")
    driver = MqttDriver(config, LiftSample)
    driver.hear(Incoming(f"hengsheng/L3/{topic}", payload, 1, 1))
    with pytest.raises(DriverError, match="is not open"):
        driver.read()


@pytest.mark.parametrize(
    ("found", "expected"),
    [("", [""]), ("E1, E2", ["E1", "E2"]), (7, [7]), ([1, "a"], [1, "a"]), (True, None), ({}, None), ([[1]], None)],
)
def test_codes_come_alone_or_as_a_list(found: object, expected: list[object] | None) -> None:
    assert paths.said(found) == expected
