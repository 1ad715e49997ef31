"""PURE: the desk's time. The database's clock may jump; deadlines and the order of what happened may not."""

from datetime import datetime, timedelta

SLEW = 0.95
"""so much slower the desk's time runs while it waits for a clock that was set back: 3 minutes last 9 seconds longer"""
BELIEVED = timedelta(days=1)
"""a desk's time so far ahead of the clock was a clock gone mad, and is not taken up again"""


class Steady:
    """Time that follows the clock when that goes forward, and never goes back.

    A clock set back by an hour would let everybody's deadline wait an hour longer. The desk goes on at its own pace
    instead, a little slower than the world, until the clock has come up again.
    """

    def __init__(self, latest: datetime | None = None) -> None:
        self._latest, self._counted = latest, 0.0
        self.ahead = timedelta(0)
        """how far the desk's time is before the clock"""

    def at(self, told: datetime, counted_s: float) -> datetime:
        """The desk's time when the clock says `told` and a counter that never jumps stands at `counted_s` seconds."""
        now = told
        if self._latest is not None and told < self._latest <= told + BELIEVED:
            # At the first look the counter says nothing yet.
            passed = max(counted_s - self._counted, 0.0) if self._counted else 0.0
            now = max(told, self._latest + timedelta(seconds=passed * SLEW))
        self._latest, self._counted, self.ahead = now, counted_s, now - told
        return now
