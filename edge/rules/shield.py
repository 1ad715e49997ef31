"""PURE. A sensor that fails again and again is not believed until somebody has looked at it.

A fault is a spell of silence of a sensor that has spoken before while the lift's other inputs speak, or of a presence
sensor against load and camera together. The alarm button is never shielded.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule, ServiceMode
from edge.config import LiftRules
from edge.rules import Decision
from edge.rules.look import Look, Setup
from edge.rules.presence import SOMEBODY_KG

SENSORS = ("passenger", "door_zone", "door_closed", "load")


class SensorFile(msgspec.Struct, frozen=True):
    """What is remembered of one sensor."""

    spoke: bool = False
    bad_since: datetime | None = None
    counted: bool = False
    """this spell is among the faults"""
    faults: tuple[datetime, ...] = ()
    shielded: datetime | None = None
    looked: bool = False
    """a technician was there since"""


class ShieldState(msgspec.Struct, frozen=True):
    files: Mapping[str, SensorFile] = {}

    @property
    def shielded(self) -> tuple[str, ...]:
        return tuple(name for name, file in self.files.items() if file.shielded is not None)


def step(state: ShieldState, look: Look, now: datetime, setup: Setup) -> tuple[ShieldState, list[Decision]]:
    """One look at all sensors; `look` holds what they say themselves. Nothing is known when the driver is silent."""
    if look.age_s > setup.lift.stale_s:
        return state, []
    files, said = dict(state.files), list[Decision]()
    for name in SENSORS:
        files[name], decided = _one(name, files.get(name, SensorFile()), look, now, setup.lift)
        said += decided
    return ShieldState(files), said


def _one(name: str, file: SensorFile, look: Look, now: datetime, rules: LiftRules) -> tuple[SensorFile, list[Decision]]:
    silent = getattr(look.sample, name) is None
    bad = (silent and file.spoke) or (name == "passenger" and _contradicted(look))
    since = (file.bad_since or now) if bad else None
    counts = since is not None and (now - since).total_seconds() >= rules.sensor_silent_s
    faults = (*file.faults, now) if counts and not file.counted else file.faults
    faults = tuple(at for at in faults if (now - at).total_seconds() <= rules.sensor_window_s)
    inspected = file.shielded is not None and look.sample.mode is ServiceMode.INSPECTION
    file = msgspec.structs.replace(
        file,
        spoke=file.spoke or not silent,
        bad_since=since,
        counted=counts,
        faults=faults,
        looked=file.looked or inspected,
    )
    if file.shielded is None and len(faults) >= rules.sensor_faults:
        return msgspec.structs.replace(file, shielded=now), [_said(name, Phase.START, now, len(faults))]
    if file.shielded is not None and file.looked and not bad and look.sample.mode is not ServiceMode.INSPECTION:
        # Its old faults were looked at; new ones count anew.
        return SensorFile(spoke=True), [_said(name, Phase.END, file.shielded, 0)]
    return file, []


def _contradicted(look: Look) -> bool:
    """The presence sensor alone against load and camera."""
    sensor, load, camera = look.sample.passenger, look.sample.load, look.people
    if sensor is None or load is None or camera is None:
        return False
    somebody = load >= SOMEBODY_KG and camera > 0
    nobody = load < SOMEBODY_KG and camera == 0
    return nobody if sensor else somebody


def _said(name: str, phase: Phase, at: datetime, faults: int) -> Decision:
    words = f"sensor {name} failed {faults} times in a day: not believed" if faults else f"sensor {name} was looked at"
    return Decision(
        rule=Rule.SENSOR_SHIELDED, phase=phase, at=at, reason=words, subject=name, details={"faults": faults}
    )
