"""A device's driver settings: every fault in one go, and the recordings that the replay driver plays."""

from pathlib import Path

import pytest

from contracts.kinds import CarStatus, Direction, ServiceMode
from contracts.messages import ClimateSample, LiftSample
from edge.config import DriverConfig, EdgeConfigError, LiftConfig, SensorConfig
from edge.config_file import load
from edge.drivers import DriverError, check, describe, make, make_sensor
from edge.drivers.address import AddressError, host_and_port
from edge.drivers.modbus import make_client
from edge.drivers.replay import ReplayDriver


def lift(**settings: object) -> LiftConfig:
    return LiftConfig(device="lift-1", **settings)  # type: ignore[arg-type]


def sensor(**settings: object) -> SensorConfig:
    return SensorConfig(device="sensor-1", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (lift(), []),
        (lift(driver="modbus", address="10.0.0.7", mapping="weikang-w3"), []),
        (lift(driver="modbus", address="serial:/dev/ttyUSB0?baud=19200&parity=E", mapping="weikang-w3"), []),
        (lift(driver="mqtt", address="10.0.0.7:1883", mapping="hengsheng-cloudbox", vendor_id="L3"), []),
        (sensor(driver="modbus", address="10.0.0.7", mapping="lanzhou-thermo", place="store"), []),
        (lift(driver="telepathy"), ["driver: 'telepathy' is unknown, expected one of"]),
        (lift(driver="modbus"), ["address: ''", "mapping: missing"]),
        (lift(driver="modbus", address="1:2:3", mapping="none"), ["address: '1:2:3'", "mapping: 'none'"]),
        (lift(driver="modbus", address="a", mapping="lanzhou-thermo"), ["expected the mapping of a lift"]),
        (sensor(driver="modbus", address="a", mapping="weikang-w3"), ["expected the mapping of a climate"]),
        (lift(driver="modbus", address="a", mapping="weikang-w3", path="x"), ["path: 'x' is no setting of"]),
        (lift(address="10.0.0.7"), ["address: '10.0.0.7' is no setting of the driver simulator"]),
        (lift(driver="mqtt"), ["address: ''", "mapping: missing"]),
        (lift(driver="mqtt", address="a", mapping="hengsheng-cloudbox"), ["vendor_id: missing"]),
        (
            lift(driver="mqtt", address="a", mapping="hengsheng-cloudbox", vendor_id="1", password_file="/nowhere"),
            ["password_file: '/nowhere' cannot be read"],
        ),
        (lift(driver="replay"), ["path: missing"]),
        (lift(driver="replay", path="/nowhere.csv"), ["path: replay /nowhere.csv: cannot be read"]),
    ],
)
def test_every_fault_of_the_settings_is_named(config: LiftConfig | SensorConfig, words: list[str]) -> None:
    found = check(config)
    assert len(found) == len(words)
    assert all(word in fault and config.device in fault for word, fault in zip(words, found, strict=True))
    assert describe(config)


def test_a_faulty_driver_is_not_made() -> None:
    with pytest.raises(EdgeConfigError, match=r"lift lift-1: address: ''.*lift lift-1: mapping: missing"):
        make(lift(driver="modbus"))
    with pytest.raises(EdgeConfigError, match="sensor sensor-1: path: missing"):
        make_sensor(sensor(driver="replay"))


def test_a_sensors_camera_and_hours_are_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    head = 'agent = "agent-demo"\nsite = "demo"\n[[sensor]]\ndevice = "sensor-1"\n'
    path.write_text(head + 'camera = "cam-9"\n', "utf-8")
    with pytest.raises(EdgeConfigError, match="camera: 'cam-9' is no camera of this file, expected one of"):
        load(path)
    path.write_text(head + 'hours = "6-22"\n', "utf-8")
    with pytest.raises(EdgeConfigError, match="hours"):
        load(path)
    path.write_text(head + 'hours = "06:00-22:00"\n[rules.climate.special_room]\nat_most_c = 23\n', "utf-8")
    assert load(path).rules.climate.special_room.at_most_c == 23


@pytest.mark.parametrize(
    ("address", "expected"),
    [("plc", ("plc", 502)), ("10.0.0.7:1502", ("10.0.0.7", 1502)), ("[fe80::1]:503", ("fe80::1", 503))],
)
def test_addresses(address: str, expected: tuple[str, int]) -> None:
    assert host_and_port(address, 502) == expected


@pytest.mark.parametrize("address", ["", "a b", "a:0", "a:65536", "a:", "http://a", "-a"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(AddressError, match="address: "):
        host_and_port(address, 502)


@pytest.mark.parametrize(
    "address", ["serial:", "serial:/dev/x?baud=fast", "serial:/dev/x?parity=X", "serial:/dev/x?stop=3", "serial:/x?a=b"]
)
def test_what_is_no_serial_line(address: str) -> None:
    with pytest.raises(AddressError, match="address: "):
        make_client(address, 1)


CSV = """dt,mode,car,direction,floor,door_zone,door_closed,passenger,speed,codes
0,normal,stopped,none,1,true,false,0,0,
600000,1,1,up,2,false,1,,1.75,03 04
"""


def replay(path: Path) -> ReplayDriver[LiftSample]:
    return ReplayDriver(DriverConfig(device="lift-1", path=str(path)), LiftSample)


def test_a_table_is_played_like_lines(tmp_path: Path) -> None:
    path = tmp_path / "ride.csv"
    path.write_text(CSV, "utf-8")
    driver = replay(path)
    driver.open()
    first = driver.read()
    assert first == LiftSample(
        mode=ServiceMode.NORMAL,
        car=CarStatus.STOPPED,
        direction=Direction.NONE,
        floor="1",
        door_zone=True,
        door_closed=False,
        passenger=False,
        speed=0,
    )
    second = driver.samples[1]
    assert (second.car, second.passenger, second.codes, second.dt) == (CarStatus.RUNNING, None, ("03", "04"), 600_000)
    driver.close()
    with pytest.raises(DriverError, match="not open"):
        driver.read()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("floor,colour\n1,red\n", "line 1: column 'colour', expected some of"),
        ("floor,speed\n1,fast\n", "line 2: speed: 'fast', expected a number"),
        ("floor,speed\n1,1\n2,99\n", "line 3: speed: 99.0, expected float <= 20"),
        ("floor,speed\n1\n", "line 2: .*expected 2"),
        ("floor\n1,2\n", "line 2: .*expected 1"),
        ("dt,floor\nsoon,1\n", "line 2: .*'soon'"),
        ("dt,floor\n-5,1\n", "line 2: .*>= 0"),
        ("floor\n", "no samples"),
        ("", "no samples"),
        ("car\nflying\n", "line 2: car: 'flying', expected one of"),
    ],
)
def test_a_broken_table_is_named_by_line_and_cell(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "ride.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DriverError, match=words):
        replay(path).open()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ride.csv"
    path.write_bytes(b"floor\n\xff\xfe\n")
    with pytest.raises(DriverError, match="expected UTF-8"):
        replay(path).open()
    path.with_suffix(".jsonl").write_text('{"kind":"climate","temperature":4}\n[\n', "utf-8")
    driver = ReplayDriver(DriverConfig(device="s", path=str(path.with_suffix(".jsonl"))), ClimateSample)
    with pytest.raises(DriverError, match="line 2"):
        driver.open()
