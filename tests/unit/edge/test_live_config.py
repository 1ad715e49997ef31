"""Which keys can change while the agent runs, which open one camera anew, and which need a restart."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.commands.reload import reload
from edge.config import CameraConfig, EdgeConfig, LiftConfig, UploadConfig
from edge.config_file import load
from edge.live_config import LiveConfig, compare

BASE: dict[str, Any] = {
    "agent": "a-1",
    "site": "s-1",
    "upload": {"url": "https://centre.example", "token": "t"},
    "lift": [{"device": "lift-1"}],
    "camera": [{"device": "cam-1"}, {"device": "cam-2"}],
}


def config(**changes: Any) -> EdgeConfig:
    return msgspec.convert({**BASE, **changes}, EdgeConfig)


@pytest.mark.parametrize(
    ("changes", "keys", "cameras", "refused"),
    [
        ({}, (), (), ()),
        ({"rules": {"vision": {"looks": 7}}}, ("rules.vision.looks",), (), ()),
        ({"status_every_s": 3}, ("status_every_s",), (), ()),
        ({"upload": {"url": "https://other.example", "token": "u"}}, ("upload.token", "upload.url"), (), ()),
        ({"upload": {}}, ("upload.token", "upload.url"), (), ("upload.token", "upload.url")),
        ({"broker": {"port": 1}}, ("broker.port",), (), ("broker.port",)),
        ({"lift": [{"device": "lift-1", "floors": 3}]}, ("lift.lift-1.floors",), (), ("lift.lift-1.floors",)),
        ({"lift": []}, ("lift.lift-1",), (), ("lift.lift-1",)),
        ({"camera": [{"device": "cam-1"}]}, ("camera.cam-2",), (), ("camera.cam-2",)),
        (
            {"camera": [{"device": "cam-2"}, {"device": "cam-1", "zone_kind": "special_room", "zone": "z"}]},
            ("camera.cam-1.zone", "camera.cam-1.zone_kind"),
            (),
            (),
        ),
        (
            {"camera": [{"device": "cam-1"}, {"device": "cam-2", "looks_per_second": 1.0}]},
            ("camera.cam-2.looks_per_second",),
            ("cam-2",),
            (),
        ),
        (
            {"camera": [{"device": "cam-1", "model": "other"}, {"device": "cam-2"}]},
            ("camera.cam-1.model",),
            (),
            ("camera.cam-1.model",),
        ),
    ],
)
def test_what_can_change(
    changes: dict[str, Any], keys: tuple[str, ...], cameras: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    change = compare(config(), config(**changes))
    assert (change.keys, change.cameras, change.refused) == (keys, cameras, refused)


def test_it_is_swapped_whole_or_not_at_all() -> None:
    live = LiveConfig(config())
    heard: list[EdgeConfig] = []
    live.follow(heard.append)
    good = config(rules={"vision": {"looks": 7}}, camera=[{"device": "cam-1", "zone": "z"}, {"device": "cam-2"}])
    live.swap(good)
    assert live.now is good and live.now.camera[0].zone == "z" and heard == [good]
    mixed = config(rules={"vision": {"looks": 9}}, broker={"port": 1})
    assert live.swap(mixed).refused == ("broker.port",)
    assert live.now is good and heard == [good]


def test_a_reload_says_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    head = 'agent = "a-1"\nsite = "s-1"\n'
    path.write_text(head, "utf-8")
    live = LiveConfig(load(path))
    assert reload(live, path) == (True, "nothing has changed")
    path.write_text(head + "[rules.vision]\nlooks = 8\n", "utf-8")
    assert reload(live, path) == (True, "changed rules.vision.looks")
    assert live.now.rules.vision.looks == 8
    path.write_text(head + "[broker]\nport = 5\n[rules.vision]\nlooks = 9\n", "utf-8")
    said = reload(live, path)
    assert not said.ok and said.reason == "broker.port: needs a restart of the agent; nothing was changed"
    assert live.now.rules.vision.looks == 8
    path.write_text(head + "[rules.vision]\nlooks = 0\nneeded = 0\n", "utf-8")
    said = reload(live, path)
    assert not said.ok and ":4: rules.vision.looks: 0" in said.reason and "1 more" in said.reason
    assert not reload(live, None).ok
    assert not reload(live, tmp_path / "gone.toml").ok


def test_defaults_of_both_kinds_are_understood() -> None:
    old = EdgeConfig(agent="a-1", site="s-1", lift=(LiftConfig(device="lift-1"),), camera=(CameraConfig(device="c-1"),))
    new = msgspec.structs.replace(old, upload=UploadConfig(url="x"))
    assert compare(old, new).refused == ("upload.url",)
