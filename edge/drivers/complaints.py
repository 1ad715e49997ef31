"""What a device says wrongly: told once when it begins, once when it is over, and never in a flood."""

import logging
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)
QUIET_S = 60.0


class Complaints:
    """One line a subject (a field, a topic) and minute, however often its value flaps."""

    def __init__(self, source: str, now: Callable[[], float] = time.monotonic) -> None:
        self.source, self.now = source, now
        self.open: dict[str, str] = {}
        self._said: dict[str, float] = {}

    def settle(self, subjects: Mapping[str, str | None]) -> None:
        """What is wrong with each subject now, None for nothing."""
        for subject, text in subjects.items():
            if text is None:
                self._over(subject)
            else:
                self._begin(subject, text)

    def _begin(self, subject: str, text: str) -> None:
        fresh = subject not in self.open
        self.open[subject] = text
        if fresh and self.now() - self._said.get(subject, float("-inf")) >= QUIET_S:
            self._said[subject] = self.now()
            log.warning("%s: %s; unknown until it is put right", self.source, text)

    def _over(self, subject: str) -> None:
        # Nothing is said of a fault that comes and goes within a minute: its first line stands.
        if self.open.pop(subject, None) is not None and self.now() - self._said[subject] >= QUIET_S:
            log.info("%s: %s: right again", self.source, subject)
