"""PURE: who gets the letters of an exercise, and who never gets a real one."""

from collections.abc import Mapping, Sequence

from alerting.contacts import Contact

ONLY_DRILLS, ALSO_DRILLS = "drill", "both"


def chosen(contacts: Sequence[Contact], purposes: Mapping[int, str], receivers: str | None, own: bool) -> list[Contact]:
    """The ways that a letter takes; `receivers` None: it is real.

    A real letter takes every way except those for exercises alone. An exercise takes those that are marked for it; the
    unit that maintains the lift gets it over its usual ways where it has none marked; with `all` everybody does.
    """
    if receivers is None:
        return [contact for contact in contacts if purposes.get(contact.id) != ONLY_DRILLS]
    marked = [contact for contact in contacts if purposes.get(contact.id) in (ONLY_DRILLS, ALSO_DRILLS)]
    if receivers == "all" or (own and not marked):
        return list(contacts)
    return marked
