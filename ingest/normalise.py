"""PURE: from a topic and bytes to rows, or to a reason why not."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from contracts.kinds import Lane
from contracts.messages import (
    AnySample,
    BadMessage,
    CameraSample,
    ClimateSample,
    Event,
    LiftSample,
    Reply,
    Status,
    Telemetry,
    decode,
)
from contracts.topics import BadTopic, Topic, parse

Row = tuple[object, ...]


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What makes a message the same message, however often it comes; `site` is where its topic says it comes from."""

    site: str
    device: str
    boot: UUID
    lane: Lane
    seq: int


class Accepted(msgspec.Struct, frozen=True):
    """A message that keeps its contract; a status or a reply has no sequence number and so no identity."""

    topic: str
    payload: bytes
    site: str
    identity: Identity | None
    body: Telemetry | Event | Status | Reply


class Rejected(msgspec.Struct, frozen=True):
    """Bytes that cannot be stored as what they claim to be, kept whole."""

    topic: str
    payload: bytes
    reason: str
    identity: Identity | None = None


class _Claim(msgspec.Struct):
    device: str
    boot: UUID
    seq: int


def normalise(topic: str, payload: bytes) -> Accepted | Rejected:
    """The message that the bytes are, or the reason why they are none. Never raises."""
    try:
        place = parse(topic)
    except BadTopic as error:
        return Rejected(topic, payload, str(error))
    try:
        body = decode(place.lane, payload)
    except BadMessage as error:
        return Rejected(topic, payload, str(error), _claimed(place, payload))
    if body.device != place.device:
        return Rejected(topic, payload, f"device: {body.device!r} in the payload, {place.device!r} in the topic")
    if not isinstance(body, Telemetry | Event | Status | Reply):
        return Rejected(topic, payload, f"lane: {place.lane}, expected telemetry, event, status or reply")
    identity = (
        None if isinstance(body, Status | Reply) else Identity(place.site, body.device, body.boot, place.lane, body.seq)
    )
    fault = _unfit(body)
    return Rejected(topic, payload, fault, identity) if fault else Accepted(topic, payload, place.site, identity, body)


def _unfit(body: Telemetry | Event | Status | Reply) -> str | None:
    """What the contract allows and a column cannot hold: found here, because binary COPY would cut it in silence."""
    times = {"base": body.base} if isinstance(body, Telemetry) else {"at": body.at}
    if isinstance(body, Event):
        times["observed"] = body.observed
    for name, time in times.items():
        # A sample is at most a day after its base (contracts.messages.Offset), an offset from UTC less than a day.
        if not 1 < time.year < 9999:
            return f"{name}: {time.isoformat()}, expected a time in the years 2 to 9998"
    for loss in (body.losses or ()) if isinstance(body, Status) else ():
        if loss.lane not in (Lane.TELEMETRY, Lane.EVENT):
            return f"losses.lane: {loss.lane}, expected telemetry or event"
        if loss.to_seq <= loss.from_seq:
            return f"losses.to_seq: {loss.to_seq}, expected more than from_seq {loss.from_seq}"
    return None


def _claimed(place: Topic, payload: bytes) -> Identity | None:
    """The identity of a broken message, where it can still be read: a reject is no gap."""
    try:
        claim = msgspec.json.decode(payload, type=_Claim)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if claim.device != place.device or not 0 <= claim.seq <= 2**53:
        return None
    return Identity(place.site, place.device, claim.boot, place.lane, claim.seq)


def _head(device_id: int, message: Telemetry, n: int, sample: AnySample, received: datetime) -> Row:
    """What every sample's row begins with."""
    return message.base + timedelta(milliseconds=sample.dt), device_id, message.boot, message.seq, n, received


def lift_row(device_id: int, message: Telemetry, n: int, sample: LiftSample, received: datetime) -> Row:
    """A row of `lift_sample` in the order of tables.TABLES."""
    return (
        *_head(device_id, message, n, sample, received),
        int(sample.mode),
        None if sample.car is None else int(sample.car),
        None if sample.direction is None else int(sample.direction),
        sample.floor,
        sample.door_zone,
        sample.door_closed,
        sample.passenger,
        None if sample.power is None else int(sample.power),
        sample.alarm_button,
        sample.speed,
        sample.position,
        sample.load,
        sample.acceleration,
        list(sample.codes) or None,
    )


def climate_row(device_id: int, message: Telemetry, n: int, sample: ClimateSample, received: datetime) -> Row:
    """A row of `climate_sample`."""
    return (
        *_head(device_id, message, n, sample, received),
        sample.temperature,
        sample.humidity,
        sample.door_open,
        sample.uv_lamp,
    )


def camera_row(device_id: int, message: Telemetry, n: int, sample: CameraSample, received: datetime) -> Row:
    """A row of `camera_sample`."""
    return (
        *_head(device_id, message, n, sample, received),
        sample.state.value,
        sample.frames,
        sample.looks,
        sample.detections,
        sample.people,
    )
