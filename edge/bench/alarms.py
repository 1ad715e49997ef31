"""A whole agent without lifts, whose alarms come from a timetable: a process of its own for `sunlit bench alarm`.

The timetable is the first line on stdin; `ready` goes out when the broker is there, `go` comes in when it begins, and
then a line goes out for every alarm. It ends with its stdin.
"""

import sys
import threading
import time
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from contracts.kinds import Phase, Rule
from edge.agent import Agent
from edge.config import BrokerConfig, EdgeConfig
from edge.sink import EventDraft
from runtime.load.raising import GO, READY, Raised, Timetable

AGENT = "agent-bench"
CONNECT_S = 30.0


def run(into: BinaryIO, out: BinaryIO) -> int:
    """The exit code: 1 when the broker stays away."""
    plan = msgspec.json.decode(into.readline(), type=Timetable)
    config = EdgeConfig(agent=AGENT, site=plan.site, spool=plan.spool, broker=BrokerConfig(port=plan.port))
    agent, stop = Agent(config), threading.Event()
    agent.start()
    for name, duty in agent.duties().items():
        threading.Thread(target=duty, args=(stop,), name=name, daemon=True).start()
    end = time.monotonic() + CONNECT_S
    while not agent.bus.connected:
        if time.monotonic() > end:
            return 1
        time.sleep(0.02)
    _line(out, READY)
    if into.readline().strip() == GO:
        threading.Thread(target=_raise, args=(agent, plan, out), daemon=True).start()
        # The bench closes this pipe, or dies and closes it too.
        into.read()
    stop.set()
    agent.stop()
    return 0


def _raise(agent: Agent, plan: Timetable, out: BinaryIO) -> None:
    began = time.monotonic()
    for due, device in plan.alarms:
        time.sleep(max(0.0, began + due - time.monotonic()))
        decided = datetime.now(UTC)
        draft = EventDraft(
            device=device,
            rule=Rule.TRAPPED_NON_LEVEL,
            phase=Phase.START,
            at=decided,
            observed=decided,
            details={"floor": "7", "people": 2, "reason": "bench"},
        )
        event = agent.sink.event(draft)
        raised = Raised(device=device, event=event, decided=decided.timestamp(), kept=time.time())
        _line(out, msgspec.json.encode(raised))


def _line(out: BinaryIO, text: bytes) -> None:
    out.write(text + b"\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(run(sys.stdin.buffer, sys.stdout.buffer))
