"""PURE. Which pictures a decoder may leave out: those that nobody looks at and that no other one needs."""

from enum import StrEnum

import msgspec

JUDGED_AFTER_S = 4.0


class Skip(StrEnum):
    """In the decoder's words."""

    NOTHING = "DEFAULT"
    UNREFERENCED = "NONREF"
    ALL_BUT_KEY_FRAMES = "NONKEY"


class ThriftState(msgspec.Struct, frozen=True):
    """What came since `began`."""

    skip: Skip = Skip.UNREFERENCED
    began: float | None = None
    packets: int = 0
    keys: int = 0
    decoded: int = 0


def step(state: ThriftState, is_key: bool, decoded: int, wanted_per_second: float, now: float) -> ThriftState:
    """How to decode the packet that has just come; `decoded`: pictures that came out since the one before.

    The choice is made anew every few seconds, as cameras change their rhythm, but only at a key frame:
    what was left out may be needed by all that follows up to the next one.
    """
    began = now if state.began is None else state.began
    past, decoded = now - began, state.decoded + decoded
    if not is_key or past < JUDGED_AFTER_S:
        return ThriftState(state.skip, began, state.packets + 1, state.keys + is_key, decoded)
    wanted = wanted_per_second * past
    skip = state.skip
    if wanted <= state.keys < state.packets:
        skip = Skip.ALL_BUT_KEY_FRAMES
    elif skip is Skip.ALL_BUT_KEY_FRAMES:
        skip = Skip.UNREFERENCED
    elif decoded < min(wanted, state.packets * 0.95):
        skip = Skip.NOTHING
    return ThriftState(skip, now, 1, 1)
