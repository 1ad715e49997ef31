"""PURE: what a role may be narrowed to. Whatever fits nothing gives nothing."""

from contracts.kinds import Role

BY_TOWN = (Role.OPERATOR, Role.REGULATOR)
BY_ORGANISATION = (Role.OWNER, Role.CREW)


def fault_of(role: Role, town: bool, organisation: bool, kitchen: bool) -> str | None:
    """Why a role cannot be narrowed so, as the key of its text; None: it can."""
    if town and role not in BY_TOWN:
        return "people.fault_town"
    if (organisation or kitchen) and role not in BY_ORGANISATION:
        return "people.fault_not_organisation"
    if role in BY_ORGANISATION and not organisation:
        return "people.fault_organisation"
    if kitchen and role is not Role.OWNER:
        return "people.fault_kitchen"
    return None
