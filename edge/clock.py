"""Two times: the wall's, for people, and a steady one, for decisions. A clock that is put right lets no time pass."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def now_utc() -> datetime:
    return datetime.now(UTC)


class Clock:
    """`steady` starts at the wall's time and then follows the machine's own counter, which nobody can set."""

    def __init__(self, wall: Callable[[], datetime] = now_utc, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall, self._monotonic = wall, monotonic
        self._from, self._zero = wall(), monotonic()

    def steady(self) -> datetime:
        return self._from + timedelta(seconds=self._monotonic() - self._zero)

    def on_the_wall(self, steady: datetime) -> datetime:
        """The wall's time of a steady time, by the wall's clock as it goes now."""
        return steady + (self.wall() - self.steady())
