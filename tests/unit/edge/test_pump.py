"""The pump with a broker that is only played: statuses, refusals, what is too large."""

import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

from contracts.kinds import Lane
from contracts.messages import ClimateSample, Telemetry
from edge.priority import Priority
from edge.publish import Pump, Told, some
from edge.spool import Spool
from runtime.bus import Bus, Refused

BOOT = UUID("00000000-0000-4000-8000-000000000001")
QUOTA_EXCEEDED = 0x97


class PlayedBus:
    """Takes everything, unless it is told otherwise."""

    def __init__(self) -> None:
        self.connected, self.largest, self.answer = True, 10_000, 0
        self.acks: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.unheard: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.refused: queue.SimpleQueue[Refused] = queue.SimpleQueue()
        self.sent: list[bytes] = []

    def fits(self, topic: str, payload: bytes) -> bool:
        return len(payload) <= self.largest

    def publish(self, topic: str, payload: bytes) -> int | None:
        if not self.connected:
            return None
        self.sent.append(payload)
        if self.answer:
            self.refused.put(Refused(len(self.sent), self.answer, "no"))
        else:
            self.acks.put(len(self.sent))
        return len(self.sent)


def put(spool: Spool, samples: int = 1) -> None:
    now = datetime.now(UTC)
    values = tuple(ClimateSample(dt=number, temperature=20) for number in range(samples))
    spool.put(
        Lane.TELEMETRY,
        "d1",
        "t/telemetry",
        lambda seq: Telemetry(device="d1", boot=BOOT, seq=seq, base=now, samples=values),
    )


def running(pump: Pump, look: Callable[[], object]) -> None:
    """Runs the pump until something is seen."""
    stop = threading.Event()
    thread = threading.Thread(target=pump.run, args=(stop,), daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.01)
    stop.set()
    thread.join(10)


def test_after_a_lost_connection_the_status_is_said_at_once(tmp_path: Path) -> None:
    """The broker has said the last will meanwhile: until our word comes, people believe that all is dark."""
    bus, said = PlayedBus(), []

    def status() -> list[Told]:
        said.append(1)
        return []

    pump = Pump(Spool(tmp_path), cast(Bus, bus), status, 3600)
    running(pump, lambda: len(said) == 1)
    bus.connected = False
    running(pump, lambda: not pump._was_connected)
    bus.connected = True
    running(pump, lambda: len(said) == 2)


def test_telemetry_that_is_too_large_is_told_as_lost_and_the_rest_goes(tmp_path: Path) -> None:
    bus, spool = PlayedBus(), Spool(tmp_path)
    put(spool)
    put(spool, samples=1000)
    put(spool)
    running(Pump(spool, cast(Bus, bus), list, 3600), lambda: len(bus.sent) == 2 and spool.count == 0)
    (lost,) = spool.report("d1").losses
    assert (lost.from_seq, lost.to_seq) == (1, 2)


def test_a_refusal_that_is_not_about_the_topic_is_tried_again_soon(tmp_path: Path) -> None:
    bus, spool = PlayedBus(), Spool(tmp_path)
    bus.answer = QUOTA_EXCEEDED
    put(spool)
    pump = Pump(spool, cast(Bus, bus), list, 3600)
    running(pump, lambda: bus.sent)
    assert spool.depths[Priority.TELEMETRY] == 1
    bus.answer = 0
    running(pump, lambda: spool.count == 0)
    assert not pump.gate.shut


def test_a_few_topics_are_named_and_the_rest_counted() -> None:
    assert some(["b", "a"]) == "a, b"
    assert some("abcde") == "a, b, c and 2 more"
