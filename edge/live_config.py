"""The configuration in force, and what of a new one can take its place while the agent runs."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from edge.config import CameraConfig, EdgeConfig

LIVE = ("rules", "status_every_s", "live")
"""sections that the duties read again at every step"""
LIVE_CAMERA = ("zone", "zone_kind", "hours", "most_people", "area", "ignore")
"""what a camera's rules read again; any other of its keys restarts that camera's capture alone"""
FIXED_CAMERA = ("device", "model")

Path = tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """What a reload does: which keys differ, which cameras open anew, and what speaks against it."""

    keys: tuple[str, ...]
    cameras: tuple[str, ...]
    refused: tuple[str, ...]


class LiveConfig:
    """Holds one configuration; swapped whole, so that nobody ever reads half of an old and half of a new one."""

    def __init__(self, config: EdgeConfig) -> None:
        self._config = config
        self._followers: list[Callable[[EdgeConfig], None]] = []
        self._lock = threading.Lock()

    @property
    def now(self) -> EdgeConfig:
        return self._config

    def follow(self, follower: Callable[[EdgeConfig], None]) -> None:
        """Tells `follower` of every later configuration; it must not raise."""
        self._followers.append(follower)

    def swap(self, config: EdgeConfig) -> Change:
        """Puts a new configuration in force, unless anything of it needs a restart: then nothing changes at all."""
        with self._lock:
            change = compare(self._config, config)
            if not change.refused:
                self._config = config
                for follower in self._followers:
                    follower(config)
        return change


def opens_anew(old: CameraConfig, new: CameraConfig) -> bool:
    """PURE. Whether a camera's capture has to be started again for the new configuration."""
    kept = {*LIVE_CAMERA, *FIXED_CAMERA}
    return any(getattr(old, name) != getattr(new, name) for name in old.__struct_fields__ if name not in kept)


def compare(old: EdgeConfig, new: EdgeConfig) -> Change:
    """PURE. The keys in which two configurations differ, and whether that can be done live."""
    paths = list(_different(_plain(old), _plain(new), ()))
    keys = tuple(".".join(path) for path in paths)
    kept = {*LIVE_CAMERA, *FIXED_CAMERA}
    cameras = {path[1] for path in paths if path[0] == "camera" and len(path) > 2 and path[2] not in kept}
    refused = tuple(".".join(path) for path in paths if not _can_be_live(path, old, new))
    return Change(keys, tuple(sorted(cameras)), refused)


def _can_be_live(path: Path, old: EdgeConfig, new: EdgeConfig) -> bool:
    if path[0] == "camera":
        return len(path) > 2 and path[2] not in FIXED_CAMERA
    if path[0] == "upload":
        # Whether pictures are sent at all decides which duties run.
        return bool(old.upload.url) == bool(new.upload.url)
    return path[0] in LIVE


def _plain(config: EdgeConfig) -> dict[str, Any]:
    """The configuration as plain values, its devices by their codes."""
    plain: dict[str, Any] = msgspec.to_builtins(config)
    for name, value in plain.items():
        if isinstance(value, list | tuple) and all(isinstance(one, Mapping) and "device" in one for one in value):
            plain[name] = {one["device"]: one for one in value}
    return plain


def _different(old: object, new: object, path: Path) -> Iterator[Path]:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if old != new:
            yield path
        return
    for key in sorted({*old, *new}):
        if key not in old or key not in new:
            yield (*path, key)
        else:
            yield from _different(old[key], new[key], (*path, key))
