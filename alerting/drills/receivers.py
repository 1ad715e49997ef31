"""PURE: who gets the letters of an exercise. `alerting.help` gives ways for exercises alone to nothing else."""

from collections.abc import Mapping, Sequence

from alerting.contacts import Contact

ONLY_DRILLS, ALSO_DRILLS = "drill", "both"


def chosen(contacts: Sequence[Contact], purposes: Mapping[int, str], receivers: str, own: bool) -> list[Contact]:
    """The ways that a letter of an exercise takes: those that are marked for it.

    The unit that maintains the lift gets it over its usual ways where it has none marked; with `all` everybody does.
    """
    marked = [contact for contact in contacts if purposes.get(contact.id) in (ONLY_DRILLS, ALSO_DRILLS)]
    if receivers == "all" or (own and not marked):
        return list(contacts)
    return marked
