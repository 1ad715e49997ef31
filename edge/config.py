"""edge.toml: what an agent watches. An unknown key or a wrong value is one line that names it."""

from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from contracts.kinds import ZoneKind
from contracts.messages import DeviceCode
from edge.rules.scene import Hours, Zone
from runtime.settings import BrokerSettings

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Part = Annotated[float, Meta(ge=0, le=1)]
Corners = Annotated[tuple[tuple[Part, Part], ...], Meta(min_length=3)]
"""a polygon in shares of the picture's width and height, from its upper left"""
Celsius = Annotated[float, Meta(ge=-60, le=400)]
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
TimeOfDay = Annotated[str, Meta(pattern=f"^{TIME}$")]
Span = Annotated[str, Meta(pattern=f"^{TIME}-{TIME}$")]


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
    """the authority's certificate: with it the connection is encrypted"""
    tls_cert: str | None = None
    """the certificate that this agent connects with, and below its key; both are read again at every connect"""
    tls_key: str | None = None


class UploadConfig(Strict, frozen=True, kw_only=True):
    url: str = ""
    """where pictures go; empty: they stay at the edge"""
    token: str = ""
    keep_mb: Annotated[float, Meta(ge=1)] = 1024
    """what pictures and clips may take on the disk until they have arrived"""


class LiveViewConfig(Strict, frozen=True, kw_only=True):
    """Bounds on video that is pushed to the centre on request."""

    max_kbps: Annotated[int, Meta(ge=64, le=1_000_000)] = 8000
    """of each push; a camera that sends more is shown with gaps"""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 4
    longest_playback_s: Seconds = 600


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


class LiftRules(Strict, frozen=True, kw_only=True):
    """When a lift's state becomes an event; the clocks of trapped passengers are in TrappedRules."""

    stale_s: Seconds = 10
    """without a fresh reading for so long the lift is unknown"""
    stopped_outside_s: Seconds = 45
    door_open_s: Seconds = 15
    """a car that arrived with somebody inside and keeps its door shut for so long"""
    door_close_s: Seconds = 120
    reopenings: Annotated[int, Meta(ge=2, le=100)] = 5
    reopening_window_s: Seconds = 120
    overspeed: Annotated[float, Meta(gt=1, le=3)] = 1.15
    """times the rated speed"""
    overspeed_s: Seconds = 0.2
    overtravel_m: Annotated[float, Meta(gt=0, le=5)] = 0.25
    movement_m: Annotated[float, Meta(gt=0, le=5)] = 0.3
    """a standing car that has moved so far does so on its own"""
    mains_lost_s: Seconds = 2
    mains_back_s: Seconds = 5
    mass_lifts: Annotated[int, Meta(ge=2, le=1000)] = 3
    mass_window_s: Seconds = 300
    sensor_silent_s: Seconds = 10
    sensor_faults: Annotated[int, Meta(ge=1, le=100)] = 3
    sensor_window_s: Seconds = 86_400
    ride_learn: Annotated[int, Meta(ge=1, le=100_000)] = 50
    """rides that show what is usual for this lift"""
    ride_days: Annotated[float, Meta(gt=0, le=365)] = 3
    """half-life of what the rides are like lately; ten times that for what is usual"""
    ride_drift: Annotated[float, Meta(gt=0, le=1)] = 0.2
    ride_worn: Annotated[float, Meta(gt=0, le=1)] = 0.7
    self_test_every_s: Annotated[float, Meta(gt=0, le=2_592_000)] = 86_400
    self_test_due_s: Annotated[float, Meta(gt=0, le=2_592_000)] = 259_200


class VisionRules(Strict, frozen=True, kw_only=True):
    """Evidence over time: `needed` of `looks` within `window_s` start an event."""

    looks: Annotated[int, Meta(ge=1, le=50)] = 5
    needed: Annotated[int, Meta(ge=1, le=50)] = 3
    window_s: Seconds = 10
    repeat_s: Seconds = 600
    turned_away_s: Seconds = 30
    """who was seen with a mask so recently and shows none now may only have turned away"""
    min_head_px: Annotated[float, Meta(ge=0)] = 20
    still_every_s: Seconds = 10
    frozen_after_s: Seconds = 20
    picture_after_s: Seconds = 30
    """how long a picture is dark, covered, blurred or moved before the camera counts as blind"""


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


class Rules(Strict, frozen=True, kw_only=True):
    trapped: TrappedRules = TrappedRules()
    lift: LiftRules = LiftRules()
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
    rated_speed: Annotated[float, Meta(gt=0, le=20)] = 1.75
    """m/s"""
    travel: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """m from the lowest to the highest landing; without it an overtravel cannot be told"""
    camera: str | None = None
    """the device code of the camera in the car; it is asked for people when the presence sensor is silent"""
    faults_per_month: Annotated[float, Meta(ge=0, le=100_000)] = 0.0
    """for the simulator: how often something goes wrong by itself"""


class AreaConfig(Strict, frozen=True, kw_only=True):
    """A zone that is only a part of the picture."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: ZoneKind
    corners: Corners
    hours: tuple[Span, ...] = ()
    """when somebody may be in a special room, such as "08:00-14:00"; always if none"""
    most_people: Annotated[int, Meta(ge=0, le=1000)] | None = None


class SegmentConfig(Strict, frozen=True, kw_only=True):
    """How long what cameras send is kept at the edge. The oldest goes first, at whichever limit is met first."""

    days: Annotated[float, Meta(gt=0, le=365)] = 30
    max_gb: Annotated[float, Meta(ge=0)] = 0
    """of each camera; 0: as much as the disk holds"""
    reserve_gb: Annotated[float, Meta(ge=0)] = 2
    """stays free on the disk"""


class CameraConfig(Strict, frozen=True, kw_only=True):
    device: DeviceCode
    source: Annotated[str, Meta(min_length=1)] = "drawn"
    """drawn, a file, rtsp://..., http://... or a webcam's number"""
    transport: Literal["tcp", "udp"] = "tcp"
    """how RTSP brings the pictures; udp only on a network that loses nothing"""
    record: bool = True
    """keep what the camera sends in the segment ring"""
    zone: Annotated[str, Meta(max_length=64)] = ""
    zone_kind: ZoneKind = ZoneKind.COOKING
    hours: tuple[Span, ...] = ()
    most_people: Annotated[int, Meta(ge=0, le=1000)] | None = None
    area: tuple[AreaConfig, ...] = ()
    """zones within the picture, the first that holds a head counts; outside of them no rule looks"""
    ignore: tuple[Corners, ...] = ()
    """parts of the picture that are not looked at: a street, a television"""
    looks_per_second: Annotated[float, Meta(gt=0, le=30)] = 2.0
    model: str | None = None
    seed: int = 1

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The areas, or the whole picture where none is drawn."""
        if not self.area:
            whole = Zone(name=self.zone, kind=self.zone_kind, hours=_hours(self.hours), most_people=self.most_people)
            return (whole,)
        return tuple(
            Zone(
                name=area.name,
                kind=area.kind,
                corners=area.corners,
                hours=_hours(area.hours),
                most_people=area.most_people,
            )
            for area in self.area
        )


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
    spool_max_mb: Annotated[float, Meta(ge=0.01)] = 512
    send_per_s: Annotated[float, Meta(gt=0, le=100_000)] = 200
    """messages a second to the broker, alarms not counted: the backlog of a day offline drains at this rate"""
    status_every_s: Seconds = 10
    timezone: str = "Asia/Shanghai"
    """of the site, for schedules"""
    models: str | None = None
    """a registry file of the city's own detectors; the shipped one if none"""
    models_folder: str | None = None
    """where a model update without an address may take its file from"""
    broker: BrokerConfig = BrokerConfig()
    upload: UploadConfig = UploadConfig()
    live: LiveViewConfig = LiveViewConfig()
    segments: SegmentConfig = SegmentConfig()
    clips: ClipConfig = ClipConfig()
    rules: Rules = Rules()
    lift: tuple[LiftConfig, ...] = ()
    camera: tuple[CameraConfig, ...] = ()
    sensor: tuple[SensorConfig, ...] = ()

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def devices(self) -> list[str]:
        """Every device code of this agent, its own first."""
        return [
            self.agent,
            *(lift.device for lift in self.lift),
            *(camera.device for camera in self.camera),
            *(sensor.device for sensor in self.sensor),
        ]


def _hours(spans: tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(Hours(*(time.fromisoformat(end) for end in span.split("-"))) for span in spans)


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
            "tls_cert": config.tls_cert,
            "tls_key": config.tls_key,
        }
    )
