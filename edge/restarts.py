"""PURE. How long to wait before a camera's process is started again."""

from typing import NamedTuple

QUICK, WINDOW_S = 5, 60.0
"""so many restarts in so many seconds are quick; then each wait is twice as long as the one before"""


class Restarts(NamedTuple):
    recent: tuple[float, ...] = ()
    level: int = 0


def step(state: Restarts, lived_s: float, now: float, first_s: float, longest_s: float) -> tuple[Restarts, float]:
    """After the end of a process that showed pictures for `lived_s`: the seconds to wait, still without jitter."""
    recent = (*(at for at in state.recent if now - at < WINDOW_S), now)
    level = 0 if lived_s >= WINDOW_S else state.level
    if len(recent) > QUICK or level:
        level += 1
    # More doublings than this are only a larger number.
    level = min(level, 30)
    return Restarts(recent, level), min(longest_s, first_s * 2**level)
