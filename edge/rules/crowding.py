"""PURE. More people than a zone may hold: a lift car that is crowded, a special room with too many in it.

Faces on a poster in the car never stir and do not count.
"""

from datetime import datetime

from contracts.kinds import Rule
from edge.config import VisionRules
from edge.rules import Decision, lasting
from edge.rules.scene import Scene, Zone
from edge.rules.wear import STIRS


def step(
    state: lasting.LastingState, scene: Scene, now: datetime, rules: VisionRules
) -> tuple[lasting.LastingState, list[Decision]]:
    """One look at the people and heads in the picture."""
    zones = [zone for zone in scene.zones if zone.most_people is not None]
    if not zones:
        return state, []
    return lasting.step(state, Rule.CROWDING, {zone.name: _look(scene, zone) for zone in zones}, now, rules)


def _look(scene: Scene, zone: Zone) -> lasting.Finding | None:
    # Whoever shows a head shows a person too, or the other way round: the larger number is nearer to the truth.
    count = max(
        sum(track.roam >= STIRS and scene.zone_of(track.detection.box) is zone for track in tracks)
        for tracks in (scene.people, scene.heads)
    )
    if zone.most_people is None or count <= zone.most_people:
        return None
    return lasting.Finding(
        reason=f"{count} people, at most {zone.most_people} allowed",
        details={"people": count, "most": zone.most_people},
    )
