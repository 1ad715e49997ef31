"""A story on a real database: simulated time, people of a seed, and workers to whom things happen."""

import heapq
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb

from alerting import outbox
from alerting.channels import Message, Outcome, Verdict
from alerting.engine import Engine
from alerting.means import Means
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.alerting.driven import checks, people
from tests.integration.alerting.driven.faulty import Crash, Faulty, open_faulty

T0 = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
BOOT = UUID("00000000-0000-4000-8000-000000000001")
TABLES = "event, event_handled, command, command_result, incident, dispatch, outbox, alerting_beat, number_day"
LEASE_S = 30
SHORTEST_S = 0.001


class Faults(NamedTuple):
    """How likely something happens to a worker in a cycle, and to a letter at the gateway."""

    crash: float = 0.0
    killed: float = 0.0
    frozen: float = 0.0
    pause: float = 0.0
    """held up at a point while others work, and no time passes"""
    gateway: float = 0.0


ALL = Faults(crash=0.14, killed=0.1, frozen=0.16, pause=0.15, gateway=0.3)
NONE = Faults()
PAUSES = Faults(pause=0.5)


class Worker:
    """An engine over a connection that may be taken from it."""

    def __init__(self, database: DatabaseSettings, number: int, of: int) -> None:
        self.database, self.number, self.of = database, number, of
        self.restart()

    def restart(self) -> None:
        self.connection: Faulty = open_faulty(self.database)
        self.engine = Engine(self.connection, Means("http://sunlit.test"), self.number, self.of)
        self.frozen = False


class Story:
    """One seed's story; `log` says what was done to whom, for whoever has to understand a failure."""

    def __init__(self, database: DatabaseSettings, owner: Connection, seed: int, workers: int, faults: Faults) -> None:
        self.database, self.owner, self.seed, self.faults = database, owner, seed, faults
        self.chance = Random(f"faults {seed}")
        self.pace = Random(f"pace {seed}")
        self.now = T0
        self.log: list[str] = []
        self.counts: Counter[str] = Counter()
        self.queue: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self._order = count()
        self._told: dict[int, int] = {}
        self._asked: Counter[tuple[str, str]] = Counter()
        self._opened: Counter[str] = Counter()
        owner.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
        self.workers = [Worker(database, number, workers) for number in range(workers)]
        self.letters = [outbox.Worker(Lent(database), {}, LEASE_S) for _ in range(2)]  # type: ignore[arg-type]
        for number, worker in enumerate(self.letters):
            worker.name = f"letters-{number}"
            worker.channels = dict.fromkeys(("webhook", "email"), self._gateway)
        self.accepted: Counter[str] = Counter()

    def close(self) -> None:
        for worker in self.workers:
            worker.connection.close()
        for letters in self.letters:
            letters.connections.close()

    def play(self) -> None:
        """The whole story, with every check after every step. Raises AssertionError."""
        with self._heard():
            self._play()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """What the engine says belongs to the schedule."""
        source, listener = logging.getLogger("alerting.engine"), logging.Handler()
        listener.emit = lambda record: self.say(f"  {record.getMessage()}")  # type: ignore[method-assign]
        before = source.level
        source.setLevel(logging.INFO)
        source.addHandler(listener)
        try:
            yield
        finally:
            source.removeHandler(listener)
            source.setLevel(before)

    def _play(self) -> None:
        for signal in people.signals(self.seed):
            self._later(T0 + timedelta(seconds=signal.after_s), "event", signal._asdict())
        end = T0 + timedelta(seconds=people.LENGTH_S)
        while (following := self._next(end)) is not None:
            # A poll comes up to a second after what it finds.
            self.now = max(self.now, following) + timedelta(seconds=self.pace.uniform(0.01, 1))
            self._bring()
            self._work()
            self._post()
            self._react()
            checks.step(self.owner, self.now)
        self._settle_letters()
        checks.whole(self.owner)
        checks.letters(self.owner, self.accepted)

    def _next(self, end: datetime) -> datetime | None:
        due = self.owner.execute("SELECT min(due_at) AS at FROM incident").fetchone()
        assert due is not None
        times = [due["at"]] if due["at"] else []
        times += [self.queue[0][0]] if self.queue else []
        found = min(times, default=None)
        return found if found is not None and found < end else None

    def _later(self, at: datetime, kind: str, values: dict[str, Any]) -> None:
        heapq.heappush(self.queue, (at, next(self._order), kind, values))

    def _bring(self) -> None:
        while self.queue and self.queue[0][0] <= self.now:
            at, order, kind, values = heapq.heappop(self.queue)
            self.say(f"{kind} {values}", at)
            if kind == "event":
                self._event(at, order, values)
            else:
                self._command(at, order, values)

    def _event(self, at: datetime, order: int, signal: dict[str, Any]) -> None:
        self.owner.execute(
            "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject,"
            " zone, confidence, body) SELECT %s, %s, id, %s, %s, %s, %s, %s, %s, %s, '', zone, 1, %s FROM device"
            " WHERE code = %s",
            (
                uuid5(BOOT, f"{signal['life']}"), 0 if signal["phase"] == "start" else 1, BOOT, order, signal["phase"],
                signal["rule"], at, at, at, Jsonb({"details": dict(signal["details"])}), f"lift-{signal['lift']}",
            ),
        )  # fmt: skip

    def _command(self, at: datetime, order: int, tap: dict[str, Any]) -> None:
        made = None if tap["made_s"] is None else at - timedelta(seconds=tap["made_s"])
        self.owner.execute(
            "INSERT INTO command (id, kind, actor, reason, args, incident_id, dispatch_id, client_at, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                uuid5(BOOT, f"command {order}"), tap["kind"], tap["actor"], tap["reason"], Jsonb(dict(tap["args"])),
                tap["incident"], tap["dispatch"], made, at,
            ),
        )  # fmt: skip

    def _work(self) -> None:
        """One worker is maybe hindered; then another is well, as somebody is within a poll."""
        hindered, well = self.chance.sample(self.workers, 2) if len(self.workers) > 1 else 2 * self.workers
        self._hinder(hindered)
        self._cycle(hindered)
        hindered.connection.disarm()
        self._surely(well)

    def _well(self, but: Worker) -> None:
        """Another worker that is neither frozen nor held up, if there is one."""
        free = [worker for worker in self.workers if worker is not but and not worker.frozen]
        if free:
            self._surely(self.chance.choice(free))

    def _surely(self, worker: Worker) -> None:
        """On a machine that is slow enough even a worker that is well loses its connection."""
        for _ in range(3):
            if self._cycle(worker):
                return

    def _cycle(self, worker: Worker) -> bool:
        try:
            worker.engine.cycle(self.now)
            while worker.engine.more:
                worker.engine.cycle(self.now)
        except Crash:
            worker.restart()
        except psycopg.Error as error:
            if not worker.connection.closed:
                raise
            self.say(f"worker {worker.number} has lost its connection: {type(error).__name__}")
            worker.restart()
        else:
            return True
        return False

    def _hinder(self, worker: Worker) -> None:
        dice, points = self.chance.random(), self.chance.randint(1, 120)
        for name in ("crash", "killed", "frozen", "pause"):
            chance = getattr(self.faults, name)
            if dice < chance:
                worker.connection.arm(points, partial(getattr(self, f"_{name}"), worker))
                return
            dice -= chance

    def _lose(self, worker: Worker) -> None:
        pid = worker.connection.info.backend_pid
        self.owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
        # Until the server has let go of everything: its activity ends before its locks do.
        gone = "SELECT FROM pg_stat_activity WHERE pid = %(pid)s UNION ALL SELECT FROM pg_locks WHERE pid = %(pid)s"
        while self.owner.execute(gone, {"pid": pid}).fetchone() is not None:
            time.sleep(0.001)

    def _crash(self, worker: Worker) -> None:
        self.say(f"worker {worker.number} is killed")
        self.counts["crash"] += 1
        self._lose(worker)
        worker.connection.close()
        raise Crash

    def _killed(self, worker: Worker) -> None:
        self.say(f"the database ends the connection of worker {worker.number}")
        self.counts["killed"] += 1
        self._lose(worker)

    def _pause(self, worker: Worker) -> None:
        self.say(f"worker {worker.number} is held up, in transaction: {worker.connection.in_transaction}")
        self.counts["pause"] += 1
        with self._hold(worker):
            self._well(but=worker)

    def _frozen(self, worker: Worker) -> None:
        """Frozen for a minute: the database ends its transaction after 2 s; meanwhile nothing of others may wait."""
        within = worker.connection.in_transaction
        self.say(f"worker {worker.number} is frozen, in transaction: {within}")
        self.counts["frozen"] += 1
        with self._hold(worker):
            self._well(but=worker)
            self.now += timedelta(seconds=2)
            if within:
                self._lose(worker)
            for seconds in (1, 30, 30):
                self.now += timedelta(seconds=seconds)
                self._bring()
                self._well(but=worker)
                if len(self.workers) > 1:
                    checks.step(self.owner, self.now)
        # What it saw is a minute old by every clock when it wakes.
        worker.engine._counted -= 63
        if worker.engine._seen:
            worker.engine._seen["looked"] -= timedelta(seconds=63)
        self.say(f"worker {worker.number} wakes")

    @contextmanager
    def _hold(self, worker: Worker) -> Iterator[None]:
        worker.frozen = True
        yield
        worker.frozen = False

    def _post(self) -> None:
        worker = self.chance.choice(self.letters)
        try:
            outbox.cycle(worker, self.now)
        except Crash:
            self.say(f"{worker.name} is killed between accepted and written")

    def _gateway(self, message: Message) -> Outcome:
        dice = self.chance.random()
        if dice < self.faults.gateway / 4:
            return Outcome(Verdict.REFUSED, "busy")
        if dice < self.faults.gateway / 2:
            return Outcome(Verdict.UNSURE, "no answer, and it never came")
        self.accepted[message.dedupe] += 1
        if dice < self.faults.gateway * 3 / 4:
            return Outcome(Verdict.UNSURE, "the receipt was lost")
        if dice < self.faults.gateway:
            self.counts["letters"] += 1
            raise Crash
        return Outcome(Verdict.SENT, "accepted", "r")

    def _settle_letters(self) -> None:
        self.faults = self.faults._replace(gateway=0.0)
        for _ in range(5):
            self.now += timedelta(seconds=LEASE_S + 70)
            self._post()

    def _react(self) -> None:
        """People hear of what is new."""
        for row in self.owner.execute(
            "SELECT d.id, d.incident_id, d.offered_at, o.code, l.code AS lift FROM dispatch d"
            " JOIN organisation o ON o.id = d.organisation_id JOIN incident i ON i.id = d.incident_id"
            " JOIN lift l ON l.id = i.lift_id WHERE d.id > %s ORDER BY l.code, d.offered_at, o.code",
            (max(self._told, default=0),),
        ).fetchall():
            self._told[row["id"]] = row["id"]
            who = (row["lift"], row["code"])
            self._asked[who] += 1
            for tap in people.crew(self.seed, *who, self._asked[who]):
                self._tap(row["offered_at"], tap, row["code"], row["incident_id"], row["id"])
        for row in self.owner.execute(
            "SELECT i.id, i.opened_at, l.code FROM incident i JOIN lift l ON l.id = i.lift_id"
            " WHERE i.id > %s ORDER BY l.code, i.id",
            (self._opened["newest"],),
        ).fetchall():
            self._opened["newest"] = max(self._opened["newest"], row["id"])
            self._opened[row["code"]] += 1
            for tap in people.operator(self.seed, row["code"], self._opened[row["code"]]):
                self._tap(row["opened_at"], tap, "board", row["id"], None)

    def _tap(self, began: datetime, tap: people.Tap, actor: str, incident: int, dispatch: int | None) -> None:
        values = {**tap._asdict(), "actor": actor, "incident": incident, "dispatch": dispatch}
        at = max(began + timedelta(seconds=tap.after_s), self.now + timedelta(seconds=SHORTEST_S))
        self._later(at, "command", values)

    def say(self, what: str, at: datetime | None = None) -> None:
        self.log.append(f"{((at or self.now) - T0).total_seconds():9.3f} {what}")


class Lent:
    """A pool of one connection: an outbox worker that is killed loses it."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.held = connect(database, Role.ALERTING)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        yield self.held

    def close(self) -> None:
        self.held.close()
