"""The messages on the wire (JSON), validated at the door.

Every message names its device, the device's boot and a sequence number that counts per (device, boot, lane) from 0
without holes, so that the centre can tell what it never received. Times are UTC instants by the sender's clock.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from contracts.kinds import (
    CameraState,
    CarStatus,
    Direction,
    EdgeCommand,
    Lane,
    Phase,
    Power,
    Rule,
    ServiceMode,
)
from contracts.vision import Box, ModelRef

VERSION = 1
MAX_PAYLOAD = 256 * 1024
MAX_LOSSES = 64

DeviceCode = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
Instant = Annotated[datetime, Meta(tz=True)]
Offset = Annotated[int, Meta(ge=0, le=86_400_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Text = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(max_length=64)]


class Sample(Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """One reading; `dt` is milliseconds after the batch's `base`."""

    dt: Offset = 0


class LiftSample(Sample, frozen=True, kw_only=True, tag="lift"):
    """A lift's state. None means the input is missing or stale: unknown, never normal."""

    mode: ServiceMode = ServiceMode.UNKNOWN
    car: CarStatus | None = None
    direction: Direction | None = None
    floor: Annotated[str, Meta(max_length=4)] | None = None
    door_zone: bool | None = None
    door_closed: bool | None = None
    passenger: bool | None = None
    power: Power | None = None
    alarm_button: bool | None = None
    speed: Annotated[float, Meta(ge=-20, le=20)] | None = None
    """m/s, up is positive"""
    position: Annotated[float, Meta(ge=-200, le=1000)] | None = None
    """m above the lowest landing"""
    load: Annotated[float, Meta(ge=0, le=20_000)] | None = None
    """kg"""
    acceleration: Annotated[float, Meta(ge=-100, le=100)] | None = None
    """m/s2, vertical, gravity removed"""
    codes: tuple[Code, ...] = ()
    """active fault codes in the national scheme"""
    source_scheme: Code = ""
    source_codes: tuple[Code, ...] = ()
    """the same in the vendor's own scheme, also those that the national one lacks"""


class ClimateSample(Sample, frozen=True, kw_only=True, tag="climate"):
    """A kitchen's sensors."""

    temperature: Annotated[float, Meta(ge=-60, le=400)] | None = None
    """degrees C"""
    humidity: Annotated[float, Meta(ge=0, le=100)] | None = None
    """%"""
    door_open: bool | None = None
    uv_lamp: bool | None = None


class CameraSample(Sample, frozen=True, kw_only=True, tag="camera"):
    """How a camera does: what was seen since the last sample."""

    state: CameraState = CameraState.NONE
    frames: Count = 0
    looks: Count = 0
    """pictures the detector has looked at"""
    detections: Count = 0
    people: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """people in the last picture"""


AnySample = LiftSample | ClimateSample | CameraSample


class Telemetry(Struct, frozen=True, kw_only=True, tag_field="type", tag="telemetry"):
    """A batch of samples of one device with one time base."""

    v: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    device: DeviceCode
    boot: UUID
    seq: Seq
    base: Instant
    samples: Annotated[tuple[AnySample, ...], Meta(min_length=1, max_length=500)]


class Evidence(Struct, frozen=True, kw_only=True):
    """A picture kept at the edge and sent by HTTPS apart from the alarm lane, named by its hash."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    media: Annotated[str, Meta(max_length=64)]
    captured: Instant


class Event(Struct, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Something that a rule decided. One `id` throughout its life; `rev` counts 0 (start), 1, 2, ... to the end."""

    v: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    id: UUID
    rev: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    device: DeviceCode
    boot: UUID
    seq: Seq
    phase: Phase
    rule: Rule
    at: Instant
    """when the condition began"""
    observed: Instant
    """when this revision was decided"""
    subject: Annotated[str, Meta(max_length=64)] = ""
    """the track, sensor or car that the rule is about; suppression is keyed by device, rule and subject"""
    zone: Annotated[str, Meta(max_length=64)] = ""
    confidence: Share = 1.0
    clock_offset_ms: int | None = None
    """what to add to the device's time to have the centre's; None: not measured"""
    model: ModelRef | None = None
    box: Box | None = None
    evidence: tuple[Evidence, ...] = ()
    source_scheme: Code = ""
    source_code: Code = ""
    details: Mapping[Code, Text | bool | int | float | None] = msgspec.field(default_factory=dict)


class Loss(Struct, frozen=True, kw_only=True):
    """Sequence numbers [from_seq, to_seq) that a boot of the device, also an earlier one, had to give up."""

    lane: Lane
    boot: UUID
    from_seq: Seq
    to_seq: Seq


class Status(Struct, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """How a device is: retained at the broker, and its last will says `online: false`.

    `published_*` are how many messages of the lane this boot has handed to the broker or still keeps in the spool;
    `lost_*` how many of them it had to give up (the spool was full or broken): reported, never silent. `losses` names
    those not told before, and then it counts, not `lost_*`; None comes from an agent that does not name them.
    """

    v: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    device: DeviceCode
    boot: UUID
    at: Instant
    online: bool
    agent: Annotated[str, Meta(max_length=64)] = ""
    published_telemetry: Count = 0
    published_event: Count = 0
    lost_telemetry: Count = 0
    lost_event: Count = 0
    losses: Annotated[tuple[Loss, ...], Meta(max_length=MAX_LOSSES)] | None = None
    spooled: Count = 0
    clock_offset_ms: int | None = None
    health: Mapping[Code, Text] = msgspec.field(default_factory=dict)


class Command(Struct, frozen=True, kw_only=True, tag_field="type", tag="command"):
    """From the centre to a device; carried out once (by `id`) and only before `expires`."""

    v: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    id: UUID
    device: DeviceCode
    kind: EdgeCommand
    issued: Instant
    expires: Instant
    args: Mapping[Code, Text | bool | int | float | None] = msgspec.field(default_factory=dict)


class Reply(Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """A device's answer to a command."""

    v: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    command: UUID
    device: DeviceCode
    ok: bool
    reason: Text = ""
    at: Instant
    final: bool = True
    """false: the command was started, another answer follows when it has ended"""


Message = Telemetry | Event | Status | Command | Reply
M = TypeVar("M", Telemetry, Event, Status, Command, Reply)

BY_LANE: Mapping[Lane, type[Telemetry] | type[Event] | type[Status] | type[Command] | type[Reply]] = {
    Lane.TELEMETRY: Telemetry,
    Lane.EVENT: Event,
    Lane.STATUS: Status,
    Lane.COMMAND: Command,
    Lane.REPLY: Reply,
}
_ENCODER = msgspec.json.Encoder()
_DECODERS = {lane: msgspec.json.Decoder(kind) for lane, kind in BY_LANE.items()}


class BadMessage(ValueError):
    """Bytes that are no message of their lane; the text names the field, the value's fault and what was expected."""


def encode(message: Message) -> bytes:
    """JSON bytes of a message."""
    return _ENCODER.encode(message)


def decode(lane: Lane, payload: bytes) -> Message:
    """The message of a lane. Raises BadMessage for anything else, whatever the bytes are."""
    if len(payload) > MAX_PAYLOAD:
        raise BadMessage(f"payload: {len(payload)} bytes, expected at most {MAX_PAYLOAD}")
    try:
        return _DECODERS[lane].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(f"{lane}: {error}") from error
