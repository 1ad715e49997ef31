"""What a person's grants say: towns, organisations, single kitchens. Default deny."""

import pytest

from api.access import Grant, Viewer
from contracts.kinds import Role


def viewer(*grants: Grant) -> Viewer:
    return Viewer(1, "x", "X", "en", "c", grants)


WHOLE = Grant(Role.OWNER, organisation_id=11)
ONE = Grant(Role.OWNER, organisation_id=12, kitchen_id=7)


def test_whole_organisations_and_single_kitchens_are_told_apart() -> None:
    both = viewer(WHOLE, ONE)
    assert both.organisations(Role.OWNER) == [11]
    assert both.kitchens(Role.OWNER) == [7]
    assert both.kitchens(Role.REGULATOR) == []


@pytest.mark.parametrize(
    ("grant", "organisation", "kitchen", "own"),
    [
        (WHOLE, 11, 7, True),
        (WHOLE, 12, 7, False),
        (WHOLE, None, 7, False),
        (ONE, 12, 7, True),
        (ONE, 12, 8, False),
        (ONE, 12, None, False),
        # The kitchen has gone to another owner.
        (ONE, 13, 7, False),
        (Grant(Role.OWNER), 11, 7, False),
        (Grant(Role.OWNER), None, None, False),
        (Grant(Role.REGULATOR, organisation_id=11), 11, 7, False),
        (Grant(Role.ADMIN), 11, 7, False),
    ],
)
def test_whose_kitchen_it_is(grant: Grant, organisation: int | None, kitchen: int | None, own: bool) -> None:
    assert viewer(grant).owns(organisation, kitchen) is own


@pytest.mark.parametrize(
    ("grants", "towns"),
    [
        ((Grant(Role.REGULATOR),), None),
        ((Grant(Role.REGULATOR, town_code="a"), Grant(Role.REGULATOR, town_code="b")), ["a", "b"]),
        ((Grant(Role.REGULATOR, town_code="a"), Grant(Role.REGULATOR)), None),
        ((Grant(Role.OPERATOR),), []),
        ((), []),
        # Narrowed to an organisation is not "every town".
        ((Grant(Role.REGULATOR, organisation_id=11),), []),
    ],
)
def test_the_towns_of_a_role(grants: tuple[Grant, ...], towns: list[str] | None) -> None:
    assert viewer(*grants).towns(Role.REGULATOR) == towns
