"""What a role may be narrowed to: every combination."""

from itertools import product

import pytest

from api.doors.grants import fault_of
from contracts.kinds import Role

NOT, TOWN, ORGANISATION, KITCHEN = (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1, 1)
GOOD = {
    Role.ADMIN: {NOT},
    Role.OPERATOR: {NOT, TOWN},
    Role.REGULATOR: {NOT, TOWN},
    Role.OWNER: {ORGANISATION, KITCHEN},
    Role.CREW: {ORGANISATION},
}


@pytest.mark.parametrize("role", Role)
def test_only_what_fits_is_granted(role: Role) -> None:
    fits = {to for to in product((0, 1), repeat=3) if fault_of(role, *(bool(one) for one in to)) is None}
    assert fits == GOOD[role]
