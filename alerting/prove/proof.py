"""PURE: what a proof found."""

from msgspec import Struct

from alerting.prove.fault import Fault
from alerting.prove.walk import span_words


class Proof(Struct, kw_only=True):
    """What was proved, and what speaks against it."""

    faults: list[Fault] = []
    notes: list[str] = []
    """what people should know and does not speak against it"""
    cases: int = 0
    plans: int = 0
    paths: int = 0
    latest_what: str = "tier 3 called while nobody came"
    latest_s: float | None = None
    latest_case: str = ""
    latest_path: str = ""
    fired: dict[str, int] = {}
    """by key: on how many paths that clock ran out"""
    register: str = "the register was not looked at"


def longest(proof: Proof) -> str:
    """The longest time to the last tier, or to the last of a chain, for people."""
    return "none" if proof.latest_s is None else f"{span_words(proof.latest_s)} ({proof.latest_case})"
