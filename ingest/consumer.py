"""A lane: its own MQTT session, its own batches, its own writer. Commit, then acknowledge, in order."""

import json
import logging
import queue
import socket
import threading
import time
from typing import NamedTuple

import psycopg

from contracts.kinds import Lane
from contracts.topics import subscription
from ingest.batch import Written
from ingest.devices import Devices
from ingest.hearing import Ear
from ingest.hold import Hold
from ingest.shard import WHOLE, Shard
from ingest.sql import QUERIES
from ingest.writer import Raw, Writer
from runtime.bus import Bus, Incoming
from runtime.db import Connection, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
SESSION_EXPIRY_S = 7 * 24 * 3600
BEAT_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
FULL = 4
"""batches that may wait of what came without a promise"""
HOLDING = "behind with telemetry; asks for no more until it has caught up, edges keep theirs"


class Taken(NamedTuple):
    """A message with the connection (counted) on which it came."""

    incoming: Incoming
    connection: int


class LaneConsumer:
    """Carries one or more lanes of a shard from the broker to the database.

    `leaving`: takes what still waits in the session and asks for no more.
    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        lanes: tuple[Lane, ...],
        batch: int,
        linger_s: float,
        shard: Shard = WHOLE,
        leaving: bool = False,
        hold: Hold | None = None,
    ) -> None:
        self.settings, self.name, self.batch, self.linger_s = settings, f"{name}{shard.suffix}", batch, linger_s
        self.hold = hold or Hold(0)
        self._holdable = subscription(Lane.TELEMETRY, shard.numbers) if Lane.TELEMETRY in lanes else []
        self.taken: queue.SimpleQueue[Taken] = queue.SimpleQueue()
        self.total, self.batches, self.writing_s = Written(), 0, 0.0
        self.last_taken_at = time.monotonic()
        self._pending: list[Taken] = []
        self._leaving, self._started, self._writing = leaving, False, False
        self._said, self._pause = "", FIRST_PAUSE_S
        self._refused = 0
        self._connection_count = 0
        self._caught_up_at = self.last_taken_at
        self._beat_at = 0.0
        self.bus = Bus(
            settings.broker,
            f"{settings.ingest.client_id}-{self.name}",
            subscriptions=[topic for lane in lanes for topic in subscription(lane, shard.numbers)],
            leaving=leaving,
            on_message=self._take,
            on_connection=self._on_connection,
            manual_ack=True,
            # The broker sends no more than this without an acknowledgement: memory stays bounded.
            receive_maximum=min(batch * 2, 65535),
            session_expiry_s=SESSION_EXPIRY_S,
        )

    def _on_connection(self, connected: bool) -> None:
        if connected:
            self._connection_count += 1
            self._merge_waiting()

    def _take(self, incoming: Incoming) -> None:
        if incoming.qos == 0 and self.taken.qsize() >= FULL * self.batch:
            # Nothing bounds what is published without a promise; whoever did so has been promised nothing.
            self._refused += 1
            if self._refused == 1:
                log.error(
                    "%s: messages of QoS 0 are dropped (%s): devices must publish at QoS 1", self.name, incoming.topic
                )
            return
        self.taken.put(Taken(incoming, self._connection_count))

    def _merge_waiting(self) -> None:
        """Of equal messages that wait here keeps one.

        The broker now sends again all that it has no acknowledgement for. Without this every reconnect while the
        database is away would add a window of copies. None is thrown away unread: a broker that lost its session
        sends nothing again.
        """
        waiting: dict[Raw, Taken] = {}
        while True:
            try:
                taken = self.taken.get_nowait()
            except queue.Empty:
                break
            waiting.setdefault(Raw(taken.incoming.topic, taken.incoming.payload), taken)
        for taken in waiting.values():
            self.taken.put(taken)

    def run(self, stop: threading.Event) -> None:
        """The duty: works until `stop`. May be called again when it has raised: session and what is in hand stay."""
        if not self._started:
            self._started = True
            self.bus.start()
        while not stop.is_set():
            self._with_database(stop)
        self.bus.stop()

    def close(self, quiet_s: float) -> int:
        """Writes what waits until nothing has come for so long, then ends the session. Returns how many messages.

        However long the database is away: the session ends only when nothing is in hand.
        """
        stop = threading.Event()
        worker = threading.Thread(target=self._with_database, args=(stop,), daemon=True)
        self.bus.start()
        worker.start()
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < quiet_s:
            time.sleep(0.1)
            busy = self._pending or self.taken.qsize() or time.monotonic() - self.last_taken_at < quiet_s
            if busy or not self.bus.connected or not self._writing:
                quiet_since = time.monotonic()
        stop.set()
        worker.join()
        self.bus.stop(end_session=not self._pending and not self.taken.qsize())
        return sum(self.total)

    def _with_database(self, stop: threading.Event) -> None:
        """Writes until the connection breaks; what was in hand then is written again over the next one."""
        while not stop.is_set():
            try:
                with connect(self.settings.database, Role.INGEST) as connection:
                    self._drain(connection, stop)
            except psycopg.Error as error:
                # Away, full, read-only after a failover: whatever it is, no message is given up over it.
                self._writing = False
                text = " ".join(str(error).split())
                if text != self._said:
                    log.warning("%s: database is away (%s); messages wait at the broker", self.name, text)
                    self._said = text
                self._hold(behind=True)
                stop.wait(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _wrote(self) -> None:
        """A connection alone proves nothing: the database is back when it has written."""
        if self._said:
            log.info("%s: database is back", self.name)
        self._said, self._pause, self._writing = "", FIRST_PAUSE_S, True

    def _drain(self, connection: Connection, stop: threading.Event) -> None:
        writer, pending = Writer(connection, Devices()), self._pending
        while not stop.is_set():
            if not pending:
                # As much as the broker may send lies here already: more waits there.
                behind = self.taken.qsize() >= self.batch
                pending.extend(self._collect())
                self._hold(behind)
            if pending:
                began = time.monotonic()
                self.total += writer.write([taken.incoming for taken in pending])
                self._wrote()
                self.batches += 1
                self.writing_s += time.monotonic() - began
                self.after_commit()
                for taken in pending:
                    # After a reconnect the broker delivers again what it has no acknowledgement for.
                    if taken.connection == self._connection_count:
                        self.bus.ack(taken.incoming)
                pending.clear()
            if self.taken.qsize() < self.batch and not self.hold.on:
                self._caught_up_at = time.monotonic()
            self._beat(connection)

    def _hold(self, behind: bool) -> None:
        """A broker that keeps a city's telemetry for long runs full and drops; the edges' disks are larger.

        Nobody listens then, the broker says so to the edges, and they keep what they have. Alarms are always taken.
        """
        if self._holdable and self.hold.turns(behind, time.monotonic()):
            log.warning("%s: %s", self.name, HOLDING if self.hold.on else "has caught up; edges may send again")
            self.bus.listen(self._holdable, not self.hold.on)

    @property
    def ear(self) -> Ear:
        """How well this lane hears at the moment."""
        return Ear(self._connection_count if self.bus.connected else None, self._caught_up_at)

    def after_commit(self) -> None:
        """Between commit and acknowledgement: where a crash must do no harm."""

    def _collect(self) -> list[Taken]:
        """A batch by size or age; an empty one after a short wait."""
        try:
            batch = [self.taken.get(timeout=0.5)]
        except queue.Empty:
            return []
        self.last_taken_at = time.monotonic()
        end = self.last_taken_at + self.linger_s
        while len(batch) < self.batch:
            try:
                batch.append(self.taken.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _beat(self, connection: Connection) -> None:
        if time.monotonic() - self._beat_at >= BEAT_S:
            self._beat_at = time.monotonic()
            info = {
                **self.total._asdict(),
                "batches": self.batches,
                "writing_s": round(self.writing_s, 3),
                "connected": self.bus.connected,
                "waiting": self.taken.qsize(),
                "dropped": self._refused,
            }
            instance = f"{self.name}@{socket.gethostname()}"
            # Who leaves is no worker: its sign of life would keep the next `close` out.
            name, values = (
                ("server_time", {}) if self._leaving else ("beat", {"instance": instance, "info": json.dumps(info)})
            )
            connection.execute(QUERIES[name], values)
            self._wrote()


def lanes(settings: Settings, shard: Shard = WHOLE, leaving: bool = False) -> dict[str, LaneConsumer]:
    """The consumers of one shard: alarms and answers never queue behind telemetry and statuses."""
    chosen = settings.ingest
    urgent = LaneConsumer(settings, "event", (Lane.EVENT, Lane.REPLY), 50, 0.005, shard, leaving)
    linger_s = chosen.linger_ms / 1000
    bulk = LaneConsumer(
        settings,
        "telemetry",
        (Lane.TELEMETRY, Lane.STATUS),
        chosen.batch,
        linger_s,
        shard,
        leaving,
        # MQTT 3.1.1 cannot say that nobody listens: edges would take a message for delivered.
        Hold(0 if leaving or settings.broker.protocol != 5 else chosen.hold_after_s),
    )
    return {urgent.name: urgent, bulk.name: bulk}
