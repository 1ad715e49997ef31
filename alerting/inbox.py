"""PURE: how far an inbox was read, when rows become visible in another order than they were numbered in.

A number is drawn before its transaction commits, so a row may appear below numbers that were seen long ago. The cursor
moves only over what no transaction can add to any more; the sweep over everything (`Engine.sweep`) stays the truth.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple


class Horizon(NamedTuple):
    """The database at one moment: its oldest running transaction, the next one, and the highest number in the inbox."""

    oldest: int
    next: int
    highest: int


class Inbox:
    """Everything up to `after` is handled, or is kept in `again` because it failed, and nothing can appear there."""

    def __init__(self, keep: int) -> None:
        self.after = 0
        self.again: set[int] = set()
        self.keep = keep
        self._settled = 0
        self._mark: Horizon | None = None

    def look(self, seen: Horizon) -> bool:
        """Before every reading: learns up to where nothing can appear any more. False: there is nothing to read."""
        if self._mark is not None and seen.oldest >= self._mark.next:
            # Whoever could have drawn a number below the mark's highest has ended.
            self._settled = max(self._settled, self._mark.highest)
            self._mark = None
        if self._mark is None:
            self._mark = seen
        return self.after < seen.highest or bool(self.again)

    def read(self, found: Sequence[int], done: Collection[int], failed: Collection[int], full: bool) -> None:
        """After a reading behind `after` and of `again`: what was found (ascending), and what came of it.

        `failed` of it cannot be done now, the rest beside `done` was left alone; `full`: there may be more behind it.
        """
        left = [number for number in found if number not in done]
        again = {number for number in left if number in failed or number <= self.after}
        waiting = [number for number in left if number not in again]
        reach = self._settled
        if full:
            reach = min(reach, found[-1])
        if waiting:
            reach = min(reach, waiting[0] - 1)
        self.after = max(self.after, reach)
        # Of many that fail only the newest are tried at every poll, the others at every sweep.
        self.again = set(sorted(again)[-self.keep :])
