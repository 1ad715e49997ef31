"""PURE: from a topic and bytes to rows, or to a reason why not."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from contracts.kinds import Lane
from contracts.messages import (
    BadMessage,
    CameraSample,
    ClimateSample,
    Event,
    LiftSample,
    Status,
    Telemetry,
    decode,
)
from contracts.topics import BadTopic, parse

Row = tuple[object, ...]


class Identity(NamedTuple):
    """What makes a message the same message, however often it comes."""

    device: str
    boot: UUID
    lane: Lane
    seq: int


class Accepted(NamedTuple):
    """A message that keeps its contract; a status has no sequence number and so no identity."""

    identity: Identity | None
    body: Telemetry | Event | Status


class Rejected(NamedTuple):
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
        return Rejected(topic, payload, str(error), _claimed(place.device, place.lane, payload))
    if body.device != place.device:
        return Rejected(topic, payload, f"device: {body.device!r} in the payload, {place.device!r} in the topic")
    if isinstance(body, Status):
        return Accepted(None, body)
    if isinstance(body, Telemetry | Event):
        return Accepted(Identity(body.device, body.boot, place.lane, body.seq), body)
    return Rejected(topic, payload, f"lane: {place.lane}, expected telemetry, event or status")


def _claimed(device: str, lane: Lane, payload: bytes) -> Identity | None:
    """The identity of a broken message, where it can still be read: a reject is no gap."""
    try:
        claim = msgspec.json.decode(payload, type=_Claim)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if claim.device != device or not 0 <= claim.seq <= 2**53:
        return None
    return Identity(device, claim.boot, lane, claim.seq)


def lift_row(device_id: int, message: Telemetry, n: int, sample: LiftSample, received: datetime) -> Row:
    """A row of `lift_sample` in the order of writer.TABLES."""
    return (
        message.base + timedelta(milliseconds=sample.dt),
        device_id,
        message.boot,
        message.seq,
        n,
        received,
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
        message.base + timedelta(milliseconds=sample.dt),
        device_id,
        message.boot,
        message.seq,
        n,
        received,
        sample.temperature,
        sample.humidity,
        sample.door_open,
        sample.uv_lamp,
    )


def camera_row(device_id: int, message: Telemetry, n: int, sample: CameraSample, received: datetime) -> Row:
    """A row of `camera_sample`."""
    return (
        message.base + timedelta(milliseconds=sample.dt),
        device_id,
        message.boot,
        message.seq,
        n,
        received,
        sample.state.value,
        sample.frames,
        sample.looks,
        sample.detections,
        sample.people,
    )
