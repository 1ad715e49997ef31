"""PURE. How far a stream's clock has gone away from ours since it was opened.

A stream that is read too slowly, or held up on its way, falls behind: what is shown is then not what is.
The clock that a camera writes into its picture cannot be read here.
"""

from typing import NamedTuple

SETTLE_S = 20.0
"""what was waiting comes first; then the earliest arrival tells the normal delay"""
WINDOW_S = 5.0
JUMP_S = 60.0
WORTH_SAYING_S, TOO_LATE_S = 2.0, 10.0


class LagState(NamedTuple):
    """Offsets are seconds between our clock and the stream's."""

    began: float | None = None
    normal: float | None = None
    window_began: float = 0.0
    least: float | None = None
    """in this window: the network only ever adds"""
    lag_s: float = 0.0


def step(state: LagState, media_s: float, now: float) -> LagState:
    """One packet more."""
    offset = now - media_s
    if state.began is None or state.normal is None or abs(offset - state.normal) > JUMP_S:
        return LagState(now, offset, now, offset)
    if now - state.began < SETTLE_S:
        return state._replace(normal=min(state.normal, offset), window_began=now, least=offset)
    least = offset if state.least is None else min(state.least, offset)
    if now - state.window_began < WINDOW_S:
        return state._replace(least=least)
    return state._replace(window_began=now, least=None, lag_s=least - state.normal)
