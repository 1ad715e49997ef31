"""What the played story showed, as numbers: the last line of `sunlit demo --check`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from runtime.db import Connection

Say = Callable[[str], None]

COUNTS = """
SELECT (SELECT coalesce(sum(frames), 0) FROM camera_sample)::bigint AS frames,
       (SELECT coalesce(sum(detections), 0) FROM camera_sample)::bigint AS detections,
       (SELECT coalesce(sum(greatest(published, next_seq)), 0) FROM stream)::bigint AS published,
       (SELECT coalesce(sum(stored), 0) FROM stream)::bigint AS stored,
       (SELECT coalesce(sum(rejected), 0) FROM stream)::bigint AS rejected,
       (SELECT coalesce(sum(lost), 0) FROM stream)::bigint AS lost,
       (SELECT count(*) FROM incident) AS incidents,
       (SELECT count(*) FROM outbox WHERE state = 'sent') AS notifications,
       (SELECT coalesce(max(tier), 0) FROM incident) AS tier_reached
"""


class StepFailed(RuntimeError):
    """A step of the story that was not seen; the text says what was waited for."""


@dataclass
class Report:
    """The steps that were seen, and the counts at the end."""

    say: Say
    steps: list[dict[str, object]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: said when it begins to be waited for, kept with its duration when it was seen."""
        began = time.monotonic()
        self.say(f"... {name}")
        yield
        took = round(time.monotonic() - began, 1)
        self.steps.append({"step": name, "seconds": took})
        self.say(f" ok {name} ({took} s)")

    def count(self, connection: Connection) -> None:
        """Reads the counts from the database."""
        row = connection.execute(COUNTS).fetchone()
        self.counts = {name: int(value) for name, value in (row or {}).items()}

    def as_json(self) -> str:
        """One line."""
        return json.dumps({**self.counts, "pages": self.pages, "steps": self.steps, "complete": self.complete})


def until(what: str, seconds: float, look: Callable[[], object]) -> object:
    """Looks until there is something to see and returns it. Raises StepFailed when nothing comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise StepFailed(f"not seen within {seconds:.0f} s: {what}")
