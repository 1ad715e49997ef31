"""The load on a system: the generator held back or paced, snapshots of what it costs, and the wait for the rest."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from ingest.bench.probe import Probes
from ingest.bench.sql import QUERIES
from ingest.bench.system import BenchError, System
from runtime.db import Connection
from runtime.load.generator import SPAWN, Board, Plan, generate, new_board
from runtime.load.machine import Idle, cpu_seconds, idle
from runtime.load.running import Tell

STANDSTILL_S = 30.0
"""who has committed nothing for so long is not draining any more"""
LOOK_S = 0.2
SHARE_OF_LOOKING = 0.05
"""of the time, that counting what is committed may take"""
"""hears of a step, how far it is and how far it goes"""


class Snapshot(NamedTuple):
    """What was so at one moment."""

    at: float
    committed: int
    cpu: dict[str, float]
    machine: Idle
    memory_mb: float


class Steady(NamedTuple):
    """The steady part of a run from its beginning to its end, and how long the rest took to come."""

    before: Snapshot
    after: Snapshot
    backlog: int
    """published and not committed when the generator ended"""
    drain_s: float


@dataclass
class Run:
    """One load."""

    system: System
    plan: Plan
    warm_s: float
    backlog: int
    ids: tuple[int, int]
    probes: Probes
    tell: Tell
    board: Board = field(default_factory=new_board)

    def run(self, connection: Connection) -> Steady:
        """Warms up, measures, and waits till all is committed. Raises BenchError."""
        generator = SPAWN.Process(target=generate, args=(self.plan, self.board), daemon=True)
        self.board.allowed = self.backlog
        generator.start()
        try:
            self._until(lambda: self.board.accepted > 0, connection, generator, "generator", 60.0)
            began = time.monotonic()
            self._hold(connection, generator, began, began + self.warm_s)
            before = self._snapshot(connection, generator)
            # The generator ends a little later than this: the steady part has no tail.
            self._hold(connection, generator, began, began + self.plan.seconds - 0.5)
            after = self._snapshot(connection, generator)
            self.board.stop = 1
            generator.join(60)
            if generator.is_alive():
                raise BenchError("generator: does not end; the broker takes no more")
        finally:
            self.board.stop = 1
            generator.kill()
        self._check()
        self.probes.quiet()
        ended = time.monotonic()
        backlog = max(0, self.board.accepted - self.committed(connection))
        self._drain(connection)
        return Steady(before, after, backlog, time.monotonic() - ended)

    def committed(self, connection: Connection) -> int:
        row = connection.execute(QUERIES["committed"], {"first": self.ids[0], "last": self.ids[1]}).fetchone()
        return int(row["count"]) if row else 0

    def _snapshot(self, connection: Connection, generator: BaseProcess) -> Snapshot:
        assert generator.pid is not None
        cpu = self.system.cpu() | {"generator": cpu_seconds([generator.pid]), "bench": time.process_time()}
        memory = self.system.ingest_memory_mb()
        committed = self.committed(connection)
        return Snapshot(time.monotonic(), committed, cpu, idle(), memory)

    def _hold(self, connection: Connection, generator: BaseProcess, began: float, end: float) -> None:
        """Waits, and where there is no rate lets the generator run only so far ahead of the database."""
        while (now := time.monotonic()) < end:
            pause = LOOK_S
            if not self.plan.rate:
                self.board.allowed = self.committed(connection) + self.backlog
                pause = max(LOOK_S, (time.monotonic() - now) / SHARE_OF_LOOKING)
            self.tell("load", now - began, self.plan.seconds)
            if not generator.is_alive():
                break
            self._check()
            time.sleep(max(0.0, min(pause, end - time.monotonic())))

    def _drain(self, connection: Connection) -> None:
        last, moved = -1, time.monotonic()
        while True:
            committed = self.committed(connection)
            waiting = self.probes.outstanding
            if committed >= self.board.accepted and not waiting:
                return
            rest = self.board.accepted - committed + waiting
            if rest != last:
                last, moved = rest, time.monotonic()
            elif time.monotonic() - moved > STANDSTILL_S:
                # The equation will tell what is missing.
                return
            self.tell("drain", committed, self.board.accepted)
            self._check()
            time.sleep(LOOK_S)

    def _until(
        self, seen: Callable[[], bool], connection: Connection, generator: BaseProcess, what: str, seconds: float
    ) -> None:
        end = time.monotonic() + seconds
        while not seen():
            self._check()
            if time.monotonic() > end or not generator.is_alive():
                raise BenchError(f"{what}: does not begin")
            time.sleep(0.01)

    def _check(self) -> None:
        if self.board.error:
            raise BenchError(self.board.error.decode())
        if self.probes.error:
            raise BenchError(self.probes.error)
        self.system.check()
