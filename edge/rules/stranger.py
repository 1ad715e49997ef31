"""PURE. Somebody is in a special room outside its working hours. A poster that never stirs is nobody."""

from datetime import datetime

from contracts.kinds import Rule, ZoneKind
from edge.config import VisionRules
from edge.rules import Decision, lasting
from edge.rules.scene import Scene, Zone
from edge.rules.wear import STIRS
from edge.track import Track

WATCHED = frozenset({ZoneKind.SPECIAL_ROOM, ZoneKind.SPECIAL_AREA})


def step(
    state: lasting.LastingState, scene: Scene, now: datetime, rules: VisionRules
) -> tuple[lasting.LastingState, list[Decision]]:
    """One look at the people and heads in the picture."""
    zones = [zone for zone in scene.zones if zone.kind in WATCHED and zone.hours]
    if not zones:
        return state, []
    return lasting.step(state, Rule.STRANGER, {zone.name: _look(scene, zone, now) for zone in zones}, now, rules)


def _look(scene: Scene, zone: Zone, now: datetime) -> lasting.Finding | None:
    local = now.astimezone(scene.clock).time()
    if any(hours.hold(local) for hours in zone.hours):
        return None
    there = [track for track in (*scene.people, *scene.heads) if _in(scene, zone, track)]
    if not there:
        return None
    surest = max(there, key=lambda track: track.detection.score)
    reason = f"somebody is there at {local:%H:%M}, outside the hours"
    return lasting.Finding(reason=reason, box=surest.detection.box, confidence=surest.detection.score)


def _in(scene: Scene, zone: Zone, track: Track) -> bool:
    return track.roam >= STIRS and scene.zone_of(track.detection.box) is zone
