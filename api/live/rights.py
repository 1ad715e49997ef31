"""PURE: whether a person may look through a camera now, and as what."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from api.access import Viewer
from contracts.kinds import Role


class Camera(Struct, frozen=True, kw_only=True):
    """A camera with everything that the right to look depends on."""

    id: int
    code: str
    name_zh: str
    name_en: str
    kitchen_id: int | None
    kitchen_zh: str | None
    kitchen_en: str | None
    owner_org_id: int | None
    lift_id: int | None
    lift_code: str | None
    town_code: str | None
    incident: str | None
    """the number of the open incident of its lift"""
    seen_at: datetime | None = None
    offset_ms: int | None = None
    """what has to be added to the edge's clock, where that is known"""


def right_of(viewer: Viewer, camera: Camera) -> Role | None:
    """An owner sees own kitchens, a regulator those of the own towns, an operator a car whose lift is in trouble."""
    if camera.kitchen_id is not None:
        if viewer.owns(camera.owner_org_id, camera.kitchen_id):
            return Role.OWNER
        return Role.REGULATOR if _answers_for(viewer, Role.REGULATOR, camera.town_code) else None
    if camera.lift_id is not None and camera.incident is not None:
        return Role.OPERATOR if _answers_for(viewer, Role.OPERATOR, camera.town_code) else None
    return None


def reason_of(role: Role, camera: Camera, said: str) -> str:
    """Why somebody looks: what was said, or what the role says by itself; empty when a reason has to be given."""
    words = " ".join(said.split())[:200]
    if words or role is Role.REGULATOR:
        return words
    return "owner of the kitchen" if role is Role.OWNER else f"incident {camera.incident}"


def _answers_for(viewer: Viewer, role: Role, town: str | None) -> bool:
    if not viewer.has(role):
        return False
    towns = viewer.towns(role)
    return towns is None or town in towns


def camera_of(row: dict[str, Any]) -> Camera:
    """A row of the statement `cameras` as what the right depends on."""
    return Camera(**{name: row[name] for name in Camera.__struct_fields__})
