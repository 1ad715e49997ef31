"""edge.toml: what an agent watches. An unknown key or a wrong value is one line that names it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contracts.kinds import ZoneKind
from contracts.messages import DeviceCode
from runtime.settings import BrokerSettings

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Celsius = Annotated[float, Meta(ge=-60, le=400)]
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
TimeOfDay = Annotated[str, Meta(pattern=f"^{TIME}$")]


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


class Place(StrEnum):
    """What a kitchen sensor watches; each has limits of its own."""

    SPECIAL_ROOM = "special_room"
    HOT_HOLDING = "hot_holding"
    COLD_HOLDING = "cold_holding"
    REHEATING = "reheating"
    STORE = "store"
    OTHER = "other"


class ClimateLimit(Strict, frozen=True, kw_only=True):
    """What must hold at a place, and how long (`after_s`, summed up) it may be missed."""

    at_most_c: Celsius | None = None
    below_c: Celsius | None = None
    above_c: Celsius | None = None
    humidity_at_most: Annotated[float, Meta(ge=0, le=100)] | None = None
    after_s: Seconds = 600


class ReheatingRules(Strict, frozen=True, kw_only=True):
    """A reheating begins at `begins_c` and must bring the core above `core_above_c`."""

    begins_c: Celsius = 45
    core_above_c: Celsius = 70


class UvRules(Strict, frozen=True, kw_only=True):
    """The lamp burns at least `least_s` with nobody inside in every shift; shifts end at these local times."""

    least_s: Seconds = 1800
    shifts_end: Annotated[tuple[TimeOfDay, ...], Meta(min_length=1, max_length=24)] = ("04:00",)


class ClimateRules(Strict, frozen=True, kw_only=True):
    """Limits of kitchens by place; a city may set others."""

    special_room: ClimateLimit = ClimateLimit(at_most_c=25)
    hot_holding: ClimateLimit = ClimateLimit(above_c=60, after_s=7200)
    cold_holding: ClimateLimit = ClimateLimit(below_c=10, after_s=7200)
    store: ClimateLimit = ClimateLimit()
    other: ClimateLimit = ClimateLimit()
    reheating: ReheatingRules = ReheatingRules()
    uv: UvRules = UvRules()
    hysteresis_c: Annotated[float, Meta(ge=0, le=20)] = 0.5
    hysteresis_humidity: Annotated[float, Meta(ge=0, le=20)] = 2.0
    utc_offset_h: Annotated[float, Meta(ge=-12, le=14)] = 8
    """local time, for shifts and hours"""


class Rules(Strict, frozen=True, kw_only=True):
    trapped: TrappedRules = TrappedRules()
    vision: VisionRules = VisionRules()
    climate: ClimateRules = ClimateRules()


class DriverConfig(Strict, frozen=True, kw_only=True):
    """How a lift or a sensor is read."""

    device: DeviceCode
    driver: str = "simulator"
    """simulator, modbus, mqtt or replay"""
    address: str = ""
    """for modbus HOST:PORT or serial:DEVICE?baud=9600&parity=N; for mqtt HOST:PORT of the vendor's broker"""
    mapping: str = ""
    """for modbus and mqtt: the name of a mapping that comes with Sunlit, or the path of one"""
    unit: Annotated[int, Meta(ge=0, le=247)] = 1
    """for modbus: the device's number on its line"""
    vendor_id: Annotated[str, Meta(max_length=100, pattern=r"^[^+#/]*$")] = ""
    """for mqtt: the vendor's name of the lift or sensor, {id} in the mapping's topics"""
    username: str | None = None
    password_file: str | None = None
    tls_ca: str | None = None
    path: str = ""
    """for the replay driver: a file of JSON lines, or a .csv file with a header"""
    seed: int = 1


class LiftConfig(DriverConfig, frozen=True, kw_only=True):
    floors: Annotated[int, Meta(ge=2, le=200)] = 12


class CameraConfig(Strict, frozen=True, kw_only=True):
    device: DeviceCode
    source: Annotated[str, Meta(min_length=1)] = "drawn"
    """drawn, a file, rtsp://..., or a webcam's number"""
    zone: str = ""
    zone_kind: ZoneKind = ZoneKind.COOKING
    looks_per_second: Annotated[float, Meta(gt=0, le=30)] = 2.0
    model: str | None = None
    seed: int = 1


class SensorConfig(DriverConfig, frozen=True, kw_only=True):
    every_s: Seconds = 10
    """how often values are passed on; after ten times as long without a new one they are unknown"""
    place: Place = Place.OTHER
    hours: Annotated[str, Meta(pattern=f"^({TIME}-{TIME})?$")] = ""
    """local time in which the place's limits hold ("06:00-22:00"); always, when empty"""
    camera: str = ""
    """the camera that sees whether somebody is in the room with the UV lamp"""


class EdgeConfig(Strict, frozen=True, kw_only=True):
    agent: DeviceCode
    site: DeviceCode
    spool: str = ".sunlit/spool"
    spool_max_mb: Annotated[int, Meta(ge=1)] = 512
    status_every_s: Seconds = 10
    models: str | None = None
    """a registry file of the city's own detectors; the shipped one if none"""
    broker: BrokerConfig = BrokerConfig()
    upload: UploadConfig = UploadConfig()
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
    cameras = {"", *(camera.device for camera in config.camera)}
    strange = [sensor for sensor in config.sensor if sensor.camera not in cameras]
    if strange:
        raise EdgeConfigError(
            f"{path}: sensor {strange[0].device}: camera: {strange[0].camera!r}, expected one of {sorted(cameras)}"
        )
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
