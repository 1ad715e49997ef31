"""PURE: whether a person may see the evidence of a finding or a rescue, in the role in which it was asked for."""

from collections.abc import Mapping
from typing import Any

from api.access import Viewer
from contracts.kinds import Role


def may_see(viewer: Viewer, role: Role, kind: str, row: Mapping[str, Any]) -> bool:
    """An owner what was told of own kitchens, a regulator the own towns, an operator and the administrator rescues."""
    if not viewer.has(role):
        return False
    if role is Role.OWNER:
        return kind == "finding" and row["told"] and viewer.owns(row["owner_org_id"], row["kitchen_id"])
    if role is Role.OPERATOR and kind != "rescue":
        return False
    if role in (Role.REGULATOR, Role.OPERATOR):
        towns = viewer.towns(role)
        return towns is None or row["town_code"] in towns
    return role is Role.ADMIN


def own_reason(role: Role, kind: str, number: str) -> str:
    """What the role says by itself; empty where a reason has to be given."""
    if role is Role.OWNER:
        return "owner of the kitchen"
    return f"incident {number}" if kind == "rescue" and role in (Role.OPERATOR, Role.ADMIN) else ""
