"""edge.toml: a fault is one line that names file, key and what was expected."""

from pathlib import Path

import pytest

from contracts.messages import LiftSample
from edge.config import EdgeConfigError, LiftConfig, broker_settings
from edge.config_file import load
from edge.drivers import DriverError, make
from edge.drivers.replay import ReplayDriver

HEAD = 'agent = "agent-demo"\nsite = "demo"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(HEAD + text, "utf-8")
    return path


def test_defaults(tmp_path: Path) -> None:
    config = load(write(tmp_path, '[[lift]]\ndevice = "lift-1"\n[[camera]]\ndevice = "cam-1"\n'))
    assert config.devices == ["agent-demo", "lift-1", "cam-1"]
    assert config.rules.trapped.still_out_of_zone_s == 20
    assert config.camera[0].source == "drawn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 3\n", "colour"),
        ('[[lift]]\ndevice = "Lift 1"\n', "device"),
        ('[[lift]]\ndevice = "lift-1"\nfloors = 1\n', "floors"),
        ("[rules.trapped]\nperson_level_s = -1\n", "person_level_s"),
        ('[[lift]]\ndevice = "lift-1"\n[[lift]]\ndevice = "lift-1"\n', "stands twice"),
        ('[[camera]]\ndevice = "cam-1"\nzone_kind = "garden"\n', "garden"),
        ("[broker\n", "edge.toml"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(EdgeConfigError, match=words) as caught:
        load(write(tmp_path, text))
    assert "edge.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_missing_password_file(tmp_path: Path) -> None:
    with pytest.raises(EdgeConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")
    config = load(write(tmp_path, '[broker]\npassword_file = "/nowhere"\n'))
    with pytest.raises(EdgeConfigError, match="password_file"):
        broker_settings(config.broker)


def test_an_unknown_driver_is_named_with_those_there_are() -> None:
    with pytest.raises(EdgeConfigError, match=r"'telepathy' is unknown, expected one of.*replay.*simulator"):
        make(LiftConfig(device="lift-1", driver="telepathy"))


def test_replay_plays_a_file_and_names_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "ride.jsonl"
    path.write_text('{"kind":"lift","floor":"1"}\n{"kind":"lift","floor":"2","dt":600000}\n', "utf-8")
    driver = ReplayDriver(LiftConfig(device="lift-1", driver="replay", path=str(path)), LiftSample)
    driver.open()
    first = driver.read()
    assert first is not None
    assert first.floor == "1"
    path.write_text('{"kind":"lift","floor":12}\n', "utf-8")
    with pytest.raises(DriverError, match="floor"):
        driver.open()
    with pytest.raises(DriverError, match="cannot be read"):
        ReplayDriver(LiftConfig(device="lift-1", path=str(tmp_path / "none")), LiftSample).open()
