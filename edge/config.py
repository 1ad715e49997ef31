"""edge.toml: what an agent watches. An unknown key or a wrong value is one line that names it."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contracts.kinds import ZoneKind
from contracts.messages import DeviceCode
from runtime.settings import BrokerSettings

Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class EdgeConfigError(ValueError):
    """A fault in edge.toml; the text names file, key, value and what was expected."""


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class BrokerConfig(Strict, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    username: str | None = None
    password_file: str | None = None
    protocol: Annotated[int, Meta(ge=4, le=5)] = 5
    tls_ca: str | None = None


class UploadConfig(Strict, frozen=True, kw_only=True):
    url: str = ""
    """where pictures go; empty: they stay at the edge"""
    token: str = ""
    keep_mb: Annotated[float, Meta(ge=1)] = 1024
    """what pictures and clips may take on the disk until they have arrived"""


class ClipConfig(Strict, frozen=True, kw_only=True):
    """The clip of an event: from so long before it began until so long after it was decided."""

    before_s: Annotated[float, Meta(ge=0, le=120)] = 5
    after_s: Annotated[float, Meta(ge=0, le=120)] = 10
    slack_s: Annotated[float, Meta(ge=0, le=120)] = 5
    """what the recording may lag behind the camera"""


class TrappedRules(Strict, frozen=True, kw_only=True):
    """Clocks of the default rule for trapped passengers, in seconds."""

    still_out_of_zone_s: Seconds = 20
    person_out_of_zone_s: Seconds = 30
    person_level_s: Seconds = 90
    presence_edges: Annotated[int, Meta(ge=1, le=100)] = 3
    presence_hold_s: Seconds = 5
    """a presence sensor blinks: somebody seen this recently is still there"""
    running_clears_s: Seconds = 2
    clear_guard_s: Seconds = 60


class VisionRules(Strict, frozen=True, kw_only=True):
    """Evidence over time: `needed` of `looks` within `window_s` start an event."""

    looks: Annotated[int, Meta(ge=1, le=50)] = 5
    needed: Annotated[int, Meta(ge=1, le=50)] = 3
    window_s: Seconds = 10
    repeat_s: Seconds = 600
    turned_away_s: Seconds = 30
    """who was seen with a mask so recently and shows none now may only have turned away"""
    min_head_px: Annotated[float, Meta(ge=0)] = 20
    still_every_s: Seconds = 30
    frozen_after_s: Seconds = 20


class Rules(Strict, frozen=True, kw_only=True):
    trapped: TrappedRules = TrappedRules()
    vision: VisionRules = VisionRules()


class LiftConfig(Strict, frozen=True, kw_only=True):
    device: DeviceCode
    driver: str = "simulator"
    floors: Annotated[int, Meta(ge=2, le=200)] = 12
    seed: int = 1
    path: str = ""
    """for the replay driver: a file of JSON lines"""


class CameraConfig(Strict, frozen=True, kw_only=True):
    device: DeviceCode
    source: Annotated[str, Meta(min_length=1)] = "drawn"
    """drawn, a file, rtsp://..., or a webcam's number"""
    zone: str = ""
    zone_kind: ZoneKind = ZoneKind.COOKING
    looks_per_second: Annotated[float, Meta(gt=0, le=30)] = 2.0
    model: str | None = None
    seed: int = 1


class SensorConfig(Strict, frozen=True, kw_only=True):
    device: DeviceCode
    every_s: Seconds = 10
    seed: int = 1


class EdgeConfig(Strict, frozen=True, kw_only=True):
    agent: DeviceCode
    site: DeviceCode
    spool: str = ".sunlit/spool"
    spool_max_mb: Annotated[float, Meta(ge=0.01)] = 512
    send_per_s: Annotated[float, Meta(gt=0, le=100_000)] = 200
    """messages a second to the broker, alarms not counted: the backlog of a day offline drains at this rate"""
    status_every_s: Seconds = 10
    models: str | None = None
    """a registry file of the city's own detectors; the shipped one if none"""
    broker: BrokerConfig = BrokerConfig()
    upload: UploadConfig = UploadConfig()
    clips: ClipConfig = ClipConfig()
    rules: Rules = Rules()
    lift: tuple[LiftConfig, ...] = ()
    camera: tuple[CameraConfig, ...] = ()
    sensor: tuple[SensorConfig, ...] = ()

    @property
    def devices(self) -> list[str]:
        """Every device code of this agent, its own first."""
        return [
            self.agent,
            *(lift.device for lift in self.lift),
            *(camera.device for camera in self.camera),
            *(sensor.device for sensor in self.sensor),
        ]


def load(path: Path) -> EdgeConfig:
    """The configuration in a TOML file. Raises EdgeConfigError."""
    try:
        config = msgspec.toml.decode(path.read_bytes(), type=EdgeConfig)
    except OSError as error:
        raise EdgeConfigError(f"{path}: cannot be read ({error.strerror}); expected a TOML file") from error
    except msgspec.DecodeError as error:
        raise EdgeConfigError(f"{path}: {error}") from error
    doubled = {code for code in config.devices if config.devices.count(code) > 1}
    if doubled:
        raise EdgeConfigError(f"{path}: device: {sorted(doubled)} stands twice, expected each code once")
    return config


def broker_settings(config: BrokerConfig) -> BrokerSettings:
    """The same as settings of the bus. Raises EdgeConfigError when the password's file cannot be read."""
    password = None
    if config.password_file is not None:
        try:
            password = Path(config.password_file).read_text("utf-8").strip()
        except OSError as error:
            raise EdgeConfigError(
                f"broker.password_file: {config.password_file!r} cannot be read ({error.strerror})"
            ) from error
    return BrokerSettings.model_validate(
        {
            "host": config.host,
            "port": config.port,
            "username": config.username,
            "password": password,
            "protocol": config.protocol,
            "tls_ca": config.tls_ca,
        }
    )
