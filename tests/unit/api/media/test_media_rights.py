"""Who may see whose evidence: a table."""

from typing import Any

import pytest

from api.access import Grant, Viewer
from api.media.rights import may_see, own_reason
from contracts.kinds import Role

OWN: dict[str, Any] = {"owner_org_id": 11, "kitchen_id": 5, "town_code": "t-1", "told": True}
UNTOLD = {**OWN, "told": False}
LIFT = {**OWN, "owner_org_id": None}


@pytest.mark.parametrize(
    ("grant", "role", "kind", "row", "seen"),
    [
        (Grant(Role.OWNER, organisation_id=11), Role.OWNER, "finding", OWN, True),
        (Grant(Role.OWNER, organisation_id=11), Role.OWNER, "finding", UNTOLD, False),
        (Grant(Role.OWNER, organisation_id=12), Role.OWNER, "finding", OWN, False),
        (Grant(Role.OWNER, organisation_id=11, kitchen_id=5), Role.OWNER, "finding", OWN, True),
        (Grant(Role.OWNER, organisation_id=11, kitchen_id=6), Role.OWNER, "finding", OWN, False),
        (Grant(Role.OWNER, organisation_id=11), Role.OWNER, "finding", LIFT, False),
        (Grant(Role.OWNER, organisation_id=11), Role.OWNER, "rescue", OWN, False),
        (Grant(Role.OWNER, organisation_id=11), Role.REGULATOR, "finding", OWN, False),
        (Grant(Role.REGULATOR), Role.REGULATOR, "finding", OWN, True),
        (Grant(Role.REGULATOR), Role.REGULATOR, "finding", UNTOLD, True),
        (Grant(Role.REGULATOR, town_code="t-1"), Role.REGULATOR, "rescue", OWN, True),
        (Grant(Role.REGULATOR, town_code="t-2"), Role.REGULATOR, "finding", OWN, False),
        (Grant(Role.REGULATOR), Role.OWNER, "finding", OWN, False),
        (Grant(Role.OPERATOR), Role.OPERATOR, "rescue", OWN, True),
        (Grant(Role.OPERATOR, town_code="t-2"), Role.OPERATOR, "rescue", OWN, False),
        (Grant(Role.OPERATOR), Role.OPERATOR, "finding", OWN, False),
        (Grant(Role.ADMIN), Role.ADMIN, "finding", OWN, True),
        (Grant(Role.ADMIN), Role.ADMIN, "rescue", OWN, True),
        (Grant(Role.CREW, organisation_id=11), Role.CREW, "rescue", OWN, False),
    ],
)
def test_who_may_see(grant: Grant, role: Role, kind: str, row: dict[str, Any], seen: bool) -> None:
    assert may_see(Viewer(1, "x", "X", "en", "c", (grant,)), role, kind, row) is seen


@pytest.mark.parametrize(
    ("role", "kind", "reason"),
    [
        (Role.OWNER, "finding", "owner of the kitchen"),
        (Role.OPERATOR, "rescue", "incident N"),
        (Role.ADMIN, "rescue", "incident N"),
        (Role.ADMIN, "finding", ""),
        (Role.REGULATOR, "finding", ""),
        (Role.REGULATOR, "rescue", ""),
    ],
)
def test_whose_role_says_why(role: Role, kind: str, reason: str) -> None:
    assert own_reason(role, kind, "N") == reason
