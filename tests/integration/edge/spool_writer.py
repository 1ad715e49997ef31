"""A process of its own that fills a spool and says what was taken, to be killed at any moment.

For every folder named on standard input it forks a child that writes until somebody kills it. The child prints its
process id, then a line for every alarm once `put` has returned: event, revision, boot, sequence number.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import ClimateSample, Event, Telemetry
from edge.spool import Spool

LIMIT = 60_000
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def write(folder: Path) -> None:
    spool, boot = Spool(folder, max_bytes=LIMIT), uuid4()
    while True:
        event = uuid4()
        for _ in range(2):
            keep(spool, boot, event, Rule.TRAPPED_LEVEL)
            spool.put(
                Lane.TELEMETRY,
                "d1",
                "sunlit/v1/32/demo/d1/telemetry",
                lambda seq: Telemetry(
                    device="d1", boot=boot, seq=seq, base=NOW, samples=(ClimateSample(temperature=20),) * 40
                ),
            )
        keep(spool, boot, uuid4(), Rule.NO_HAT)


def keep(spool: Spool, boot: UUID, event: UUID, rule: Rule) -> None:
    made: list[Event] = []

    def make(seq: int) -> Event:
        made.append(
            Event(id=event, device="d1", boot=boot, seq=seq, phase=Phase.UPDATE, rule=rule, at=NOW, observed=NOW)
        )
        return made[-1]

    safe = spool.put(Lane.EVENT, "d1", "sunlit/v1/32/demo/d1/event", make)
    if safe and rule is Rule.TRAPPED_LEVEL:
        say(f"{event} {boot} {made[0].seq}")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            say(f"pid {os.getpid()}")
            write(Path(line.strip()))
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
