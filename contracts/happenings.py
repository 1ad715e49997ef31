"""What Sunlit tells other systems: the documents that webhooks carry and that `/api/v1` answers with.

Names are stable within a version: fields may be added, none is renamed or removed. No person is named here, and no link
opens anything. Times are UTC; `null`: not known, or not so far.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

VERSION = 1


def _text(description: str, example: str) -> Any:
    return Meta(description=description, examples=[example])


Town = Annotated[str, _text("code of the town", "dongqu")]
At = Annotated[datetime, Meta(tz=True, description="UTC instant", examples=["2026-11-26T03:12:05Z"])]
Maybe = At | None
Number = Annotated[str, _text("number as people say it on the telephone", "R20261126-0001")]
LiftCode = Annotated[str, _text("code of the lift, as on its sign", "442001")]
KitchenCode = Annotated[str, _text("code of the kitchen", "k-001")]
Words = Annotated[str, _text("as the register has it", "Kaiyin Xincheng")]
Lat = Annotated[float, Meta(ge=-90, le=90, description="latitude, degrees, WGS 84", examples=[22.515])]
Lon = Annotated[float, Meta(ge=-180, le=180, description="longitude, degrees, WGS 84", examples=[113.392])]


class Place(Struct, frozen=True, kw_only=True):
    """Where something stands."""

    place: Annotated[str, _text("code of the place", "p-kaiyin")]
    place_zh: Words
    place_en: Words
    address_zh: Words
    address_en: Words
    town: Town
    lat: Lat
    lon: Lon


class Incident(Place, frozen=True, kw_only=True):
    """A rescue from a lift, as it stood when this was written."""

    number: Number
    state: Annotated[str, _text("state of the rescue (docs/desk.md)", "dispatched")]
    tier: Annotated[int, Meta(ge=0, le=3, description="highest tier called so far; 0: none", examples=[1])]
    rule: Annotated[str, _text("what raised the alarm", "trapped_non_level")]
    source: Annotated[str, _text("sensor, phone, operator or drill", "sensor")]
    drill: Annotated[bool, Meta(description="an exercise: counted nowhere", examples=[False])]
    lift: LiftCode
    lift_zh: Words
    lift_en: Words
    maintenance: Annotated[str, _text("code of the lift's maintenance unit", "m-xinda")] | None
    floor: Annotated[str, _text("where the car stands; empty: not known", "between 7 and 8")]
    people_inside: Annotated[int, Meta(description="people in the car", examples=[2])] | None
    people_released: Annotated[int, Meta(description="of them released so far", examples=[0])] | None
    hazards: Annotated[list[str], Meta(description="injury, fire, water, child_alone", examples=[["injury"]])]
    mass: Annotated[str, _text("number of the mass incident it belongs to", "M20261126-0001")] | None
    merged_into: Number | None
    cause: Annotated[str, _text("cause as recorded", "door")] | None
    sub_cause: Annotated[str, _text("finer cause as recorded", "door_lock")] | None
    rescue_method: Annotated[str, _text("how people were released", "manual_levelling")] | None
    alarm_at: At
    opened_at: At
    dispatched_at: Maybe
    accepted_at: Maybe
    arrived_at: Maybe
    released_at: Maybe
    closed_at: Maybe


class Finding(Place, frozen=True, kw_only=True):
    """Something that is to be put right in a kitchen or about a lift, as it stood when this was written."""

    number: Annotated[str, _text("number as letters give it", "F20261126-0001")]
    state: Annotated[str, _text("state of the finding (docs/findings.md)", "pushed")]
    kind: Annotated[str, _text("class I, II, III or D (device)", "II")]
    rule: Annotated[str, _text("what was found", "no_hat")]
    kitchen: KitchenCode | None
    lift: LiftCode | None
    name_zh: Annotated[str, _text("the kitchen, or the lift", "后厨")]
    name_en: Annotated[str, _text("the kitchen, or the lift", "Kitchen")]
    device: Annotated[str, _text("code of the device that saw it", "cam-k-001-1")]
    zone: Annotated[str, _text("zone within the kitchen", "cutting")]
    confidence: Annotated[float, Meta(ge=0, le=1, description="of the detector", examples=[0.93])]
    level: Annotated[int, Meta(ge=0, le=3, description="lateness told: 1 late, 2 yellow, 3 red", examples=[0])]
    repeats: Annotated[int, Meta(ge=0, description="how often it came back while open", examples=[0])]
    at: At
    opened_at: At
    pushed_at: Maybe
    rectify_due: Maybe
    rectified_at: Maybe
    appealed_at: Maybe
    verified_at: Maybe
    closed_at: Maybe


class Device(Struct, frozen=True, kw_only=True):
    """A device that is not heard, or is heard again."""

    code: Annotated[str, _text("code of the device", "cam-k-001-1")]
    kind: Annotated[str, _text("agent, lift, camera or kitchen_sensor", "camera")]
    site: Annotated[str, _text("its site", "site-0001")]
    lift: LiftCode | None
    kitchen: KitchenCode | None
    cause: Annotated[str, _text("offline, silent or never", "silent")]
    since: At
    noticed_at: At
    ended_at: Maybe


class Happening(Struct, frozen=True, kw_only=True):
    """One thing that happened. Exactly one of `incident`, `finding` and `device` is there."""

    version: Annotated[int, Meta(description="of this document", examples=[VERSION])] = VERSION
    id: Annotated[UUID, Meta(description="the same at every delivery of the same happening")]
    kind: Annotated[str, _text("what happened", "incident.tier_called")]
    at: At
    town: Town | None
    drill: Annotated[bool, Meta(description="an exercise: counted nowhere", examples=[False])] = False
    tier: Annotated[int, Meta(description="which tier was called, or came", examples=[1])] | None = None
    incident: Incident | None = None
    finding: Finding | None = None
    device: Device | None = None


INCIDENT_KINDS = {
    "opened": "incident.opened",
    "reopened": "incident.reopened",
    "confirmed": "incident.confirmed",
    "tier_called": "incident.tier_called",
    "called_again": "incident.called_again",
    "emergency_called": "incident.emergency_called",
    "shortfall": "incident.shortfall",
    "crew_accepted": "incident.accepted",
    "crew_declined": "incident.declined",
    "crew_arrived": "incident.arrived",
    "released": "incident.released",
    "closed": "incident.closed",
    "false_alarm": "incident.closed",
    "self_released": "incident.closed",
    "fault_not_trapped": "incident.closed",
    "merged": "incident.merged",
}
"""which line of a rescue's timeline is told as what"""
FINDING_KINDS = {
    "review": "finding.review",
    "pushed": "finding.pushed",
    "rectified": "finding.rectified",
    "back": "finding.back",
    "late": "finding.overdue",
    "overdue": "finding.overdue",
    "appealed": "finding.appealed",
    "case": "finding.case",
    "verified": "finding.closed",
    "rejected": "finding.closed",
    "appeal_accepted": "finding.closed",
    "ended": "finding.closed",
}
SILENT, HEARD = "device.silent", "device.heard"
TEST = "webhook.test"
KINDS = {
    "incident.opened": "an alarm became a rescue",
    "incident.reopened": "an ended rescue goes on",
    "incident.confirmed": "somebody is inside, a person has said so",
    "incident.tier_called": "the crews of `tier` were called",
    "incident.called_again": "the last tier has not answered or not come, and was called again",
    "incident.emergency_called": "119 or 120 was called",
    "incident.shortfall": "nobody of a tier can be reached",
    "incident.accepted": "a crew said that it comes",
    "incident.declined": "a crew said that it does not come",
    "incident.arrived": "a crew is at the lift",
    "incident.released": "people are out",
    "incident.closed": "the rescue ended; `state` says how",
    "incident.merged": "it goes on as `merged_into`",
    "finding.review": "a person has to look first",
    "finding.pushed": "those who answer for it were told",
    "finding.rectified": "they say that it is put right",
    "finding.back": "it is not put right, or came back",
    "finding.overdue": "it is late; `level` says how late",
    "finding.appealed": "they disagree",
    "finding.case": "the bureau made a case of it",
    "finding.closed": "it ended; `state` says how",
    SILENT: "a device is not heard any more",
    HEARD: "it is heard again",
}
"""every kind that a webhook may ask for, in words"""


def encode(document: Happening) -> bytes:
    """The document as it is stored, sent and answered with."""
    return msgspec.json.encode(document)
