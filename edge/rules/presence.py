"""PURE. Is anybody in the car? The presence sensor, the load and the camera together; unknown is an answer."""

import msgspec

SOMEBODY_KG = 30.0
"""less may be a bag that was left behind"""
PERSON_KG = 75.0
ALONE = 0.7
"""how far the sensor is believed when load and camera both see nobody"""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """`inside` None: cannot tell. `source` names what settled it."""

    inside: bool | None = None
    source: str = "nothing"
    people: int | None = None
    confidence: float = 0.6


def fuse(sensor: bool | None, load: float | None, camera: int | None) -> Presence:
    """A sensor that is silent or shielded is None. Nothing but a sensor or a camera can say that nobody is there."""
    loaded = None if load is None else load >= SOMEBODY_KG
    by_load = max(1, round((load or 0.0) / PERSON_KG)) if loaded else None
    people = camera or by_load
    if sensor is True:
        alone = camera == 0 and loaded is False
        return Presence(inside=True, source="sensor", people=people, confidence=ALONE if alone else 1.0)
    if camera:
        return Presence(inside=True, source="camera", people=camera, confidence=0.9)
    if loaded and camera is None and sensor is None:
        return Presence(inside=True, source="load", people=by_load, confidence=0.8)
    if loaded:
        # Goods, or somebody whom sensor or camera miss: nobody can tell from here.
        return Presence(source="load", people=by_load)
    if sensor is False:
        return Presence(inside=False, source="sensor", confidence=1.0)
    if camera == 0:
        return Presence(inside=False, source="camera", confidence=0.9)
    return Presence()
