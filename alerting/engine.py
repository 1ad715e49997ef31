"""The desk at work: events, commands and clocks that ran out, each in a transaction of its own. Any number may run."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from alerting import commands, events, masses
from alerting import finding as life
from alerting.effects import Fenced, Rescue
from alerting.findings import Case
from alerting.model import Refused
from alerting.outbox import server_time
from alerting.sql import QUERIES
from contracts.kinds import CommandKind
from runtime.db import Connection, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
BEAT_EVERY = 5


class Engine:
    """One worker over one connection."""

    def __init__(self, connection: Connection, public_url: str) -> None:
        self.connection, self.public_url = connection, public_url.rstrip("/")
        self._said: dict[str, str] = {}

    def cycle(self, now: datetime) -> int:
        """Does everything that there is to do at `now`; returns how much it was."""
        done = 0
        for row in self.connection.execute(QUERIES["events_unhandled"], {"now": now}).fetchall():
            done += self._alone(f"event {row['id']}", partial(self._event, row, now))
        for row in self.connection.execute(QUERIES["commands_open"], {"now": now}).fetchall():
            done += self._alone(f"command {row['id']}", partial(self._command, row["id"], now))
        done += self._alone("mass incidents", lambda: bool(masses.cycle(self.connection, now)))
        for row in self.connection.execute(QUERIES["incidents_due"], {"now": now}).fetchall():
            done += self._alone(f"incident {row['id']}", partial(self._incident, row["id"], now))
        for row in self.connection.execute(QUERIES["findings_due"], {"now": now}).fetchall():
            done += self._alone(f"finding {row['id']}", partial(self._finding, row["id"], now))
        return done

    def _alone(self, what: str, work: Callable[[], bool]) -> int:
        """One piece of work in its own transaction: a fault in one incident never holds up another."""
        try:
            with self.connection.transaction():
                return int(work())
        except Fenced as error:
            log.info("%s: %s; taken again", what, error)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 (whatever is wrong with one, the others are people, too)
            self._complain(what, f"{type(error).__name__}: {' '.join(str(error).split())}")
        return 0

    def _complain(self, what: str, fault: str) -> None:
        """Logs on change: what cannot be done is tried again at every poll, and said once."""
        if self._said.get(what) != fault:
            log.error("%s: %s", what, fault)
            self._said[what] = fault

    def _event(self, row: dict[str, Any], now: datetime) -> bool:
        if not self.connection.execute(QUERIES["event_claim"], {"event": row["id"], "now": now}).fetchone():
            return False
        outcome = events.handle(self.connection, row, now, self.public_url)
        self.connection.execute(QUERIES["event_outcome"], {"event": row["id"], "outcome": outcome})
        if outcome != "nothing to do":
            log.info("event %s of device %s: %s", row["rule"], row["device_id"], outcome)
        return True

    def _incident(self, incident_id: int, now: datetime) -> bool:
        values = {"id": incident_id, "now": now}
        if not self.connection.execute(QUERIES["incident_try_lock"], values).fetchone():
            return False
        Rescue(self.connection, incident_id, now, self.public_url).carry_out([], "sunlit")
        return True

    def _finding(self, finding_id: int, now: datetime) -> bool:
        if not self.connection.execute(QUERIES["finding_try_lock"], {"id": finding_id, "now": now}).fetchone():
            return False
        case = Case(self.connection, finding_id, now, self.public_url)
        step = life.overdue(case.finding, case.policy, now)
        if step is not None:
            case.take(step, "sunlit")
        return step is not None

    def _command(self, command_id: object, now: datetime) -> bool:
        if not self.connection.execute(QUERIES["command_claim"], {"id": command_id, "now": now}).fetchone():
            return False
        row = self.connection.execute(QUERIES["command_get"], {"id": command_id}).fetchone()
        assert row is not None
        refused = self._obey(row, now)
        ok = refused is None or refused.already
        reason = refused.reason if refused else "done"
        self.connection.execute(QUERIES["command_result"], {"id": command_id, "ok": ok, "reason": reason, "now": now})
        log.info("command %s by %s: %s", row["kind"], row["actor"], reason)
        return True

    def _obey(self, row: dict[str, Any], now: datetime) -> Refused | None:
        try:
            kind = CommandKind(row["kind"])
        except ValueError:
            return Refused(f"kind: {row['kind']!r} is unknown")
        if row["finding_id"] is not None:
            return self._on_finding(row, kind, now)
        return commands.obey(self.connection, row, kind, now, self.public_url)

    def _on_finding(self, row: dict[str, Any], kind: CommandKind, now: datetime) -> Refused | None:
        case = Case(self.connection, row["finding_id"], now, self.public_url)
        words = str(row["args"].get("note") or row["reason"] or "")
        step = life.judge(case.finding, kind, words, row["actor"], case.policy, now)
        if isinstance(step, Refused):
            return step
        case.take(step, row["actor"])
        return None


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: polls once a second; a hint on the channel `sunlit` only makes it look earlier."""

    def duty(stop: threading.Event) -> None:
        instance = f"{socket.gethostname()}-{os.getpid()}"
        with (
            connect(settings.database, Role.ALERTING) as connection,
            connect(settings.database, Role.ALERTING) as listener,
        ):
            listener.execute("LISTEN sunlit")
            engine = Engine(connection, settings.alerting.public_url)
            turn = 0
            while not stop.is_set():
                # A clock that runs out is seen at the next poll at the latest; a hint makes it sooner.
                engine.cycle(server_time(connection))
                if turn % BEAT_EVERY == 0:
                    connection.execute(QUERIES["beat"], {"instance": instance, "info": Jsonb({"turn": turn})})
                turn += 1
                for _ in listener.notifies(timeout=settings.alerting.poll_s, stop_after=1):
                    pass

    return duty
