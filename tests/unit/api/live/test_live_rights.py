"""Who may look through which camera: a table."""

from typing import Any

import pytest

from api.access import Grant, Viewer
from api.live.rights import Camera, reason_of, right_of
from contracts.kinds import Role


def camera(**changes: Any) -> Camera:
    values: dict[str, Any] = {
        "id": 1,
        "code": "cam-1",
        "name_zh": "",
        "name_en": "",
        "kitchen_id": 5,
        "kitchen_zh": "",
        "kitchen_en": "",
        "owner_org_id": 11,
        "lift_id": None,
        "lift_code": None,
        "town_code": "t-1",
        "incident": None,
    }
    return Camera(**{**values, **changes})


KITCHEN = camera()
CAR = camera(kitchen_id=None, owner_org_id=None, lift_id=7, incident="R1")
QUIET_CAR = camera(kitchen_id=None, owner_org_id=None, lift_id=7)
LOST = camera(kitchen_id=None, owner_org_id=None)


@pytest.mark.parametrize(
    ("grant", "seen", "role"),
    [
        (Grant(Role.OWNER, organisation_id=11), KITCHEN, Role.OWNER),
        (Grant(Role.OWNER, organisation_id=12), KITCHEN, None),
        (Grant(Role.OWNER), KITCHEN, None),
        (Grant(Role.OWNER, organisation_id=11), CAR, None),
        (Grant(Role.REGULATOR), KITCHEN, Role.REGULATOR),
        (Grant(Role.REGULATOR, town_code="t-1"), KITCHEN, Role.REGULATOR),
        (Grant(Role.REGULATOR, town_code="t-2"), KITCHEN, None),
        (Grant(Role.REGULATOR), CAR, None),
        (Grant(Role.OPERATOR), CAR, Role.OPERATOR),
        (Grant(Role.OPERATOR, town_code="t-2"), CAR, None),
        (Grant(Role.OPERATOR), QUIET_CAR, None),
        (Grant(Role.OPERATOR), KITCHEN, None),
        (Grant(Role.ADMIN), KITCHEN, None),
        (Grant(Role.ADMIN), CAR, None),
        (Grant(Role.CREW, organisation_id=11), KITCHEN, None),
        (Grant(Role.OPERATOR), LOST, None),
        (Grant(Role.OWNER, organisation_id=11), LOST, None),
        (Grant(Role.REGULATOR), LOST, None),
    ],
)
def test_who_may_look(grant: Grant, seen: Camera, role: Role | None) -> None:
    assert right_of(Viewer(1, "x", "X", "en", "c", (grant,)), seen) is role


@pytest.mark.parametrize(
    ("role", "said", "reason"),
    [
        (Role.REGULATOR, "", ""),
        (Role.REGULATOR, "  complaint \n 12 ", "complaint 12"),
        (Role.OWNER, "", "owner of the kitchen"),
        (Role.OWNER, "who burnt it", "who burnt it"),
        (Role.OPERATOR, "", "incident R1"),
        (Role.REGULATOR, "x" * 500, "x" * 200),
    ],
)
def test_why(role: Role, said: str, reason: str) -> None:
    assert reason_of(role, CAR, said) == reason
