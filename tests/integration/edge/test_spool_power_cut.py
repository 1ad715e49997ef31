"""F14: killed, or cut off from power in mid-write, 200 times: every alarm that was taken arrives, none twice.

The copies are what a power cut leaves of files whose `fsync` the disk has honoured, with a torn end; a disk that lies
about `fsync` is beyond this test.
"""

import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.kinds import Lane
from contracts.messages import Event, decode
from contracts.topics import parse
from edge.priority import Priority
from edge.publish import Pump
from edge.spool import Spool
from runtime.bus import Bus, Incoming
from runtime.stack.broker import Broker

WRITER = Path(__file__).with_name("spool_writer.py")
ROUNDS = 200
DRAIN_EVERY = 10


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.005)


class Writer:
    """The process that writes; its lines are what was taken."""

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[3]
        self.process = subprocess.Popen(
            [sys.executable, str(WRITER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self._ready = selectors.DefaultSelector()
        self._ready.register(self.stdout, selectors.EVENT_READ)
        self._rest = b""
        self.said: list[str] = []
        """what the last child has said of alarms that were taken"""

    def begin(self, folder: Path) -> int:
        """Lets a child write there; its process id."""
        self.stdin.write(f"{folder}\n".encode())
        self.stdin.flush()
        self.said = []
        self.more_than(0)
        assert self.said[0].startswith("pid ")
        return int(self.said.pop(0).split()[1])

    def more_than(self, count: int) -> None:
        """Waits until the child has said so much."""
        until(lambda: self.hear(0.05) > count)

    def hear(self, wait_s: float = 0.0) -> int:
        """Adds to `said` what is there to read; how many lines that makes."""
        self.said += self._lines(wait_s)
        return len(self.said)

    def _lines(self, wait_s: float) -> list[str]:
        while self._ready.select(wait_s):
            wait_s = 0.0
            got = os.read(self.stdout.fileno(), 65536)
            assert got, "the writer has ended"
            self._rest += got
        *whole, self._rest = self._rest.split(b"\n")
        return [line.decode() for line in whole]

    def kill(self, pid: int) -> None:
        """Kills the child and hears what it has said until then."""
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.hear(0.05) and self.said[-1] == "ended")
        self.said.pop()


class Centre:
    """Remembers events as ingest does: by the message's identity, and by event and revision."""

    def __init__(self, broker: Broker) -> None:
        self.events: dict[tuple[str, int], set[tuple[str, int]]] = defaultdict(set)
        self.messages: dict[tuple[str, int], set[tuple[str, int]]] = defaultdict(set)
        self.copies = 0
        self.bus = Bus(broker.settings, "centre", subscriptions=["sunlit/v1/#"], on_message=self._take)
        self.bus.start()
        until(lambda: self.bus.connected)
        time.sleep(0.3)  # the subscription follows the connection

    def _take(self, got: Incoming) -> None:
        if parse(got.topic).lane is not Lane.EVENT:
            return
        event = decode(Lane.EVENT, got.payload)
        assert isinstance(event, Event)
        message, identity = (str(event.boot), event.seq), (str(event.id), event.rev)
        self.copies += message in self.messages
        self.events[identity].add(message)
        self.messages[message].add(identity)


@pytest.fixture
def writer() -> Iterator[Writer]:
    started = Writer()
    yield started
    started.process.kill()
    started.process.wait(10)


@pytest.fixture
def centre(broker_process: Broker) -> Iterator[Centre]:
    listening = Centre(broker_process)
    yield listening
    listening.bus.stop()


@pytest.fixture
def line(broker_process: Broker) -> Iterator[Bus]:
    bus = Bus(broker_process.settings, "edge")
    bus.start()
    until(lambda: bus.connected)
    yield bus
    bus.stop()


def cut(writer: Writer, pid: int, folder: Path, chance: random.Random) -> Path:
    """The files as they lie in mid-write, with a torn page at the log's end; the child has said what was taken."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
    writer.hear()
    copy = folder.with_name(f"cut-{chance.getrandbits(40):x}")
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(folder / f"spool.db{suffix}", copy / f"spool.db{suffix}")
    if chance.random() < 0.5:
        with (copy / "spool.db-wal").open("ab") as log:
            log.write(chance.randbytes(chance.randrange(1, 5000)))
    writer.kill(pid)
    shutil.rmtree(folder)
    return copy


def drain(folder: Path, bus: Bus, *, killed: bool) -> None:
    """Sends what the spool holds; `killed` ends it before it has read a single acknowledgement."""
    spool = Spool(folder)
    pump = Pump(spool, bus, lambda: [], 3600, send_per_s=100_000)
    if killed:
        pump._send()
    else:
        stop = threading.Event()
        thread = threading.Thread(daemon=True, target=pump.run, args=(stop,))
        thread.start()
        until(lambda: spool.count == 0, 60)
        stop.set()
        thread.join(10)
    spool.close()


def test_two_hundred_power_cuts(tmp_path: Path, writer: Writer, centre: Centre, line: Bus) -> None:
    chance = random.Random(14)
    folder = tmp_path / "spool"
    folder.mkdir()
    taken: set[tuple[str, str, int]] = set()
    cut_off = 0
    for number in range(ROUNDS):
        pid = writer.begin(folder)
        # Some are killed while they open the file, most while they write.
        if number % 8:
            writer.more_than(1)
        time.sleep(chance.uniform(0, 0.04))
        if number % 2 and writer.hear():
            folder = cut(writer, pid, folder, chance)
            cut_off += 1
        else:
            writer.kill(pid)
        for words in (row.split() for row in writer.said):
            taken.add((words[0], words[1], int(words[2])))
        if number % DRAIN_EVERY == DRAIN_EVERY - 1:
            drain(folder, line, killed=number % (3 * DRAIN_EVERY) != DRAIN_EVERY - 1)
    drain(folder, line, killed=False)
    until(lambda: not {(boot, seq) for _, boot, seq in taken} - centre.messages.keys())
    assert cut_off > ROUNDS / 3 and len(taken) > 2 * ROUNDS
    assert centre.copies > 0, "what was sent before the kill came again, so the dedupe had something to do"
    assert all({name for name, _ in centre.messages[boot, seq]} == {event} for event, boot, seq in taken)
    assert all(len(found) == 1 for found in centre.events.values()), "no event's revision under two messages"
    assert all(len(found) == 1 for found in centre.messages.values()), "no message with two contents"
    assert Spool(folder).depths[Priority.ALARM] == 0
