"""Timed messages: sent one by one beside the load on both lanes, and looked for in the database until they are seen."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, encode
from contracts.topics import topic
from ingest.bench.sql import QUERIES
from runtime.bus import Bus
from runtime.db import Connection, Role, connect
from runtime.load.payload import Member, message
from runtime.settings import Settings

EVERY_S = 0.05
LOOK_S = {Lane.EVENT: 0.005, Lane.TELEMETRY: 0.02}
"""how finely a commit is seen, for each lane"""


SHORTEST_S = min(LOOK_S.values())


class Timed(NamedTuple):
    """A message on its way."""

    device: int
    lane: Lane
    seq: int
    sent: float
    """by time.monotonic, just before it was handed to the connection"""
    place: str
    payload: bytes


class Probes(threading.Thread):
    """Sends every `EVERY_S` one telemetry message and, with `events`, one event; the devices take turns.

    A message counts as committed when another connection sees its number taken. Late by at most one look (`LOOK_S`).
    """

    def __init__(self, settings: Settings, members: dict[int, Member], boot: UUID, samples: int, events: bool) -> None:
        super().__init__(name="probes", daemon=True)
        self.settings, self.members, self.boot, self.samples = settings, members, boot, samples
        self.lanes = (Lane.TELEMETRY, Lane.EVENT) if events else (Lane.TELEMETRY,)
        self.late: dict[Lane, list[tuple[float, float]]] = defaultdict(list)
        """when a message was sent and how many seconds later it was seen"""
        self.error = ""
        self.published_on: dict[Lane, int] = defaultdict(int)
        self._quiet, self._stop_now = threading.Event(), threading.Event()
        self._bus = Bus(settings.broker, f"sunlit-bench-probe-{uuid4().hex[:8]}")
        self._next: dict[tuple[int, Lane], int] = defaultdict(int)
        self._open: dict[tuple[int, Lane], deque[Timed]] = defaultdict(deque)
        self._by_id: dict[int, Timed] = {}

    @property
    def published(self) -> int:
        return sum(self.published_on.values())

    @property
    def outstanding(self) -> int:
        """Messages that were sent and not yet seen."""
        return sum(len(waiting) for waiting in self._open.values()) + len(self._by_id)

    def quiet(self) -> None:
        """Sends no more, and goes on looking."""
        self._quiet.set()

    def end(self) -> None:
        self._stop_now.set()
        self.join(10)

    def run(self) -> None:
        self._bus.start()
        try:
            with connect(self.settings.database, Role.INGEST) as connection:
                self._work(connection)
        except psycopg.Error as error:
            self.error = f"database: {' '.join(str(error).split())}"
        finally:
            self._bus.stop()

    def _work(self, connection: Connection) -> None:
        turn, due, looked = 0, time.monotonic(), 0.0
        devices = sorted(self.members)
        while not self._stop_now.is_set():
            now = time.monotonic()
            if now >= due and self._bus.connected and not self._quiet.is_set():
                # After a pause nothing is made up for: a burst would measure itself.
                due = max(due + EVERY_S, now)
                device = devices[turn % len(devices)]
                turn += 1
                for lane in self.lanes:
                    self._send(device, lane)
            self._acknowledged()
            soonest = min((LOOK_S[lane] for (_, lane), waiting in self._open.items() if waiting), default=None)
            if soonest is not None and now - looked >= soonest:
                looked = now
                self._look(connection, devices)
            time.sleep(SHORTEST_S)

    def _send(self, device: int, lane: Lane) -> None:
        waiting = self._open[device, lane]
        if waiting and waiting[0].seq == 0:
            # Nobody has been seen to listen there so far.
            return
        member, seq, now = self.members[device], self._next[device, lane], datetime.now(UTC)
        self._next[device, lane] += 1
        if lane is Lane.TELEMETRY:
            payload = message(member.code, self.boot, seq, now, self.samples, seq)
        else:
            payload = encode(
                Event(
                    id=uuid4(),
                    device=member.code,
                    boot=self.boot,
                    seq=seq,
                    phase=Phase.START,
                    rule=Rule.ALARM_BUTTON,
                    at=now,
                    observed=now,
                )
            )
        place = str(topic(member.site, member.code, lane))
        waiting.append(self._publish(Timed(device, lane, seq, 0.0, place, payload)))
        self.published_on[lane] += 1

    def _publish(self, timed: Timed) -> Timed:
        sent = timed._replace(sent=time.monotonic())
        while (number := self._bus.publish(sent.place, sent.payload)) is None and not self._stop_now.is_set():
            time.sleep(SHORTEST_S)
        if number is not None:
            self._by_id[number] = sent
        return sent

    def _acknowledged(self) -> None:
        while not self._bus.acks.empty():
            self._by_id.pop(self._bus.acks.get(), None)
        while not self._bus.unheard.empty():
            unheard = self._by_id.pop(self._bus.unheard.get(), None)
            if unheard is None:
                continue
            # Nobody listened: the message is gone, goes out again, and its time begins anew.
            time.sleep(EVERY_S)
            waiting = self._open[unheard.device, unheard.lane]
            again = self._publish(unheard)
            for place, timed in enumerate(waiting):
                if timed.seq == unheard.seq:
                    waiting[place] = again

    def _look(self, connection: Connection, devices: Sequence[int]) -> None:
        values = {"devices": list(devices), "boot": self.boot}
        rows = connection.execute(QUERIES["probe_streams"], values, prepare=True).fetchall()
        now = time.monotonic()
        for row in rows:
            lane = Lane(row["lane"])
            waiting = self._open[row["device_id"], lane]
            while waiting and waiting[0].seq < row["next_seq"]:
                sent = waiting.popleft().sent
                self.late[lane].append((sent, now - sent))
