"""The desk at work: events, commands and clocks that ran out, each in a transaction of its own. Any number may run.

Nobody waits for anybody: whatever concerns one lift (or one device) is claimed under its advisory lock, by trying, so
a worker that hangs in the middle holds up that lift alone, and only until the database ends its transaction.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple

import psycopg

from alerting import commands, events, finding_duties, findings, masses, quiets
from alerting.effects import Fenced, Rescue
from alerting.grouping import ALARMS
from alerting.inbox import Horizon, Inbox
from alerting.means import Means
from alerting.model import Refused
from alerting.sql import INBOX
from contracts.kinds import CommandKind
from runtime.db import Connection

log = logging.getLogger(__name__)
RESCUE = [rule.value for rule in ALARMS]
"""what never waits behind another event"""
PAGE = 200
DUTIES = 10
"""of each kind that findings bring in a cycle"""
FRESH_S, LEFT_S, STALE_S = 1.0, 3.0, 5.0
"""how old a look at the rows may be to read a list by it, to begin a piece of that list, and to claim one: the last is
asked by the database's clock, for whoever froze since then"""
LIFT, DEVICE, OTHER = 726, 725, 724
"""advisory locks of what is worked on"""
RETRIED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class Outcome(Enum):
    DONE = auto()
    GONE = auto()
    """somebody else was faster"""
    BUSY = auto()
    """somebody else is at work there"""
    FAILED = auto()


class Piece(NamedTuple):
    """What is to be done, and for which lift or device; `number` is its place in an inbox."""

    what: str
    space: int
    key: int
    number: int
    work: Callable[[dict[str, Any]], Outcome]
    """takes what every claim needs"""


class Engine:
    """One worker over one connection; of `workers` it takes its own share (`number`) first, then what is left."""

    def __init__(self, connection: Connection, means: Means, number: int = 0, workers: int = 1) -> None:
        self.connection, self.means = connection, means
        self.number, self.workers = number, workers
        self.more = False
        """a page was full or cut short at the last cycle: another cycle is due at once"""
        # What fails for ever never fills a page.
        self._rescue, self._rest, self._orders = (Inbox(keep=PAGE // 2) for _ in range(3))
        self._said: dict[str, str] = {}
        self._latest: datetime | None = None
        self._seen: dict[str, Any] = {}
        self._counted = float("-inf")

    def cycle(self, now: datetime) -> int:
        """Does what there is to do at `now`, a page of each kind; returns how much it was. Time never goes back."""
        now = self._forward(now)
        self.more, self._counted = False, float("-inf")
        done = self._inbox(self._rescue, now, "events", partial(self._events, True))
        done += self._inbox(self._orders, now, "commands", self._commands)
        done += self._alone("mass incidents", partial(self._masses, now)) is Outcome.DONE
        done += self._due("incidents_due", now, self._rescues)
        done += self._inbox(self._rest, now, "events", partial(self._events, False))
        done += self._duties(now)
        return done

    def sweep(self, now: datetime) -> int:
        """The truth behind the cursors: looks at everything that nobody has handled, however old its number is."""
        now = self._forward(now)
        found = 0
        for read in (partial(self._events, True), self._commands, partial(self._events, False)):
            after, full = 0, True
            while full:
                self._look()
                pieces = read(now, after, [])
                done, _ = self._walk(pieces, now)
                found += len(done)
                full = len(pieces) == PAGE
                after = pieces[-1].number if pieces else after
        return found

    def _forward(self, now: datetime) -> datetime:
        self._latest = max(now, self._latest or now)
        return self._latest

    def _look(self) -> None:
        """Every look has its time by the database's clock: claims that come too long after it are refused there."""
        if time.monotonic() - self._counted > FRESH_S:
            # Counted from before the question: the answer may have been long on its way.
            self._counted = time.monotonic()
            row = self.connection.execute(INBOX["horizon"]).fetchone()
            assert row is not None
            self._seen = row

    def _inbox(
        self, inbox: Inbox, now: datetime, counted: str, read: Callable[[datetime, int, list[int]], Sequence[Piece]]
    ) -> int:
        self._look()
        if not inbox.look(Horizon(self._seen["oldest"], self._seen["next"], self._seen[counted])):
            return 0
        pieces = read(now, inbox.after, sorted(inbox.again))
        done, failed = self._walk(pieces, now)
        full = len(pieces) == PAGE
        inbox.read([piece.number for piece in pieces], done, failed, full)
        self.more = self.more or full
        return len(done)

    def _due(self, listed: str, now: datetime, pieces: Callable[[list[dict[str, Any]]], Iterable[Piece]]) -> int:
        self._look()
        rows = self.connection.execute(INBOX[listed], {"now": now, "limit": PAGE}).fetchall()
        done, _ = self._walk(list(pieces(rows)), now)
        self.more = self.more or len(rows) == PAGE
        return len(done)

    def _walk(self, pieces: Sequence[Piece], now: datetime) -> tuple[set[int], set[int]]:
        """Does pieces in their order, the own share first; the numbers of what is done, and of what cannot be."""
        done, failed, busy = set[int](), set[int](), set[tuple[int, int]]()
        for piece in sorted(pieces, key=lambda piece: piece.key % self.workers != self.number):
            if self._old():
                break
            place = (piece.space, piece.key)
            if place in busy:
                # What came later there must not overtake what somebody else is at.
                continue
            claim = {
                "space": piece.space,
                "key": piece.key,
                "now": now,
                "looked": self._seen["looked"],
                "stale_s": STALE_S,
            }
            outcome = self._alone(piece.what, partial(piece.work, claim))
            if outcome is Outcome.BUSY:
                # Maybe nobody is at work there, and the claim came too late.
                self._old()
                busy.add(place)
            elif outcome is Outcome.FAILED:
                failed.add(piece.number)
            else:
                done.add(piece.number)
        return done, failed

    def _old(self) -> bool:
        """Whether the look is too old to begin anything by it; then another cycle is due at once."""
        old = time.monotonic() - self._counted > LEFT_S
        self.more = self.more or old
        return old

    def _alone(self, what: str, work: Callable[[], Outcome]) -> Outcome:
        """One piece of work in its own transaction: a fault in one incident never holds up another."""
        try:
            with self.connection.transaction():
                outcome = work()
        except Fenced as error:
            log.info("%s: %s; taken again", what, error)
            return Outcome.BUSY
        except Exception as error:
            # Whatever is wrong with one, the others are people, too.
            if self.connection.closed:
                raise
            if isinstance(error, RETRIED):
                log.info("%s: %s; taken again", what, type(error).__name__)
                return Outcome.BUSY
            self._complain(what, f"{type(error).__name__}: {' '.join(str(error).split())}")
            return Outcome.FAILED
        self._said.pop(what, None)
        return outcome

    def _complain(self, what: str, fault: str) -> None:
        """Logs on change: what cannot be done is tried again at every poll, and said once."""
        if self._said.get(what) != fault:
            log.error("%s: %s", what, fault)
            self._said[what] = fault

    def _events(self, urgent: bool, now: datetime, after: int, again: list[int]) -> Sequence[Piece]:
        values = {"now": now, "after": after, "again": again, "urgent": urgent, "rescue": RESCUE, "limit": PAGE}
        # Planned for the cursor as it stands: a plan for any cursor would read everything.
        rows = self.connection.execute(INBOX["events_open"], values, prepare=False).fetchall()
        return [
            Piece(
                f"event {row['id']}",
                DEVICE if row["lift_id"] is None else LIFT,
                row["device_id"] if row["lift_id"] is None else row["lift_id"],
                row["id"],
                partial(self._event, row),
            )
            for row in rows
        ]

    def _event(self, row: dict[str, Any], claim: dict[str, Any]) -> Outcome:
        found = self.connection.execute(
            INBOX["event_claim"], {**claim, "id": row["id"], "lift": row["lift_id"]}
        ).fetchone()
        assert found is not None
        if not found["claimed"]:
            return Outcome.GONE if found["mine"] else Outcome.BUSY
        outcome = events.handle(self.connection, row, found["now"], self.means)
        self.connection.execute(INBOX["event_outcome"], {"event": row["id"], "outcome": outcome})
        if outcome != "nothing to do":
            log.info("event %s of device %s: %s", row["rule"], row["device_id"], outcome)
        return Outcome.DONE

    def _rescues(self, rows: list[dict[str, Any]]) -> Iterable[Piece]:
        for row in rows:
            work = partial(self._rescue_due, row["id"])
            yield Piece(f"incident {row['id']}", LIFT, row["lift_id"], row["id"], work)

    def _rescue_due(self, incident_id: int, claim: dict[str, Any]) -> Outcome:
        found = self.connection.execute(INBOX["incident_claim"], {**claim, "id": incident_id}).fetchone()
        if found is None:
            return Outcome.BUSY
        Rescue(self.connection, incident_id, found["now"], self.means).carry_out([], "sunlit")
        return Outcome.DONE

    def _duties(self, now: datetime) -> int:
        """What there is to do about findings, a little at a time: rescues come first in every cycle."""
        self._look()
        # What fails for ever takes nobody's place, and comes last.
        duties = finding_duties.due(self.connection, now, DUTIES + len(self._said))
        duties.sort(key=lambda duty: duty.what in self._said)
        pieces = [
            Piece(duty.what, LIFT if duty.lift else DEVICE, duty.lift or duty.key, n, partial(self._duty, duty))
            for n, duty in enumerate(duties)
        ]
        done, _ = self._walk(pieces, now)
        self.more = self.more or len(done) >= DUTIES
        return len(done)

    def _duty(self, duty: finding_duties.Duty, claim: dict[str, Any]) -> Outcome:
        if not self.connection.execute(INBOX["place_claim"], claim).fetchone():
            return Outcome.BUSY
        done = duty.work(self.connection, duty.id, claim["now"], self.means.public_url)
        return Outcome.DONE if done else Outcome.GONE

    def _masses(self, now: datetime) -> Outcome:
        return Outcome.DONE if masses.cycle(self.connection, now) else Outcome.GONE

    def _commands(self, now: datetime, after: int, again: list[int]) -> Sequence[Piece]:
        values = {"now": now, "after": after, "again": again, "limit": PAGE}
        rows = self.connection.execute(INBOX["commands_open"], values, prepare=False).fetchall()
        return [Piece(f"command {row['id']}", *_place(row), row["seq"], partial(self._command, row)) for row in rows]

    def _command(self, row: dict[str, Any], claim: dict[str, Any]) -> Outcome:
        about = {"id": row["id"], "incident": row["incident_id"], "finding": row["finding_id"]}
        found = self.connection.execute(INBOX["command_claim"], {**claim, **about}).fetchone()
        assert found is not None
        if not found["claimed"]:
            return Outcome.GONE if found["mine"] else Outcome.BUSY
        refused = self._obey(row, found["now"])
        ok = refused is None or refused.already
        reason = refused.reason if refused else "done"
        self.connection.execute(
            INBOX["command_result"], {"id": row["id"], "ok": ok, "reason": reason, "now": found["now"]}
        )
        log.info("command %s by %s: %s", row["kind"], row["actor"], reason)
        return Outcome.DONE

    def _obey(self, row: dict[str, Any], now: datetime) -> Refused | None:
        try:
            kind = CommandKind(row["kind"])
        except ValueError:
            return Refused(f"kind: {row['kind']!r} is unknown")
        if row["finding_id"] is not None:
            return findings.obey(self.connection, row, kind, now, self.means.public_url)
        if kind in (CommandKind.QUIET, CommandKind.UNQUIET):
            return quiets.obey(self.connection, row, kind, now)
        return commands.obey(self.connection, row, kind, now, self.means)


def _place(row: dict[str, Any]) -> tuple[int, int]:
    """Whose lock a command needs."""
    if row["about_lift"] is not None:
        return LIFT, row["about_lift"]
    if row["about_device"] is not None:
        return DEVICE, row["about_device"]
    return OTHER, 0
