"""One look at everything: disks, the auditor's own ways, and the rows. It raises nothing: what fails is a fact, too."""

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from alerting.audit.asking import Asking, Away
from alerting.audit.facts import Agents, Backlog, Beat, Disk, Facts, Voice
from runtime.audit_settings import AuditSettings
from runtime.db import Connection, Queries, fault_of

QUERIES = Queries("alerting.audit")
ANSWER_S = 10.0
SOME = 5
BACKLOGS = (
    "alarm_path",
    "outbox",
    "letters",
    "incidents",
    "clockless",
    "events",
    "commands",
    "orders",
    "drills",
    "findings",
)
Clock = Callable[[], datetime]


def wall() -> datetime:
    return datetime.now(UTC)


class Look:
    """Remembers only what no row says: since when a sign of life is the same, when the database last answered."""

    def __init__(self, settings: AuditSettings, asking: Asking, started: datetime | None, clock: Clock = wall) -> None:
        self.settings, self.asking, self.started, self.clock = settings, asking, started, clock
        self.unwritable = ""
        """why the auditor's own row could not be written last time"""
        self._beats: dict[tuple[str, str], tuple[datetime, float]] = {}
        self._reached: datetime | None = None
        self._lost = False
        self._mark = 0

    def facts(self, voices: tuple[Voice, ...], ways: Mapping[str, str]) -> Facts:
        """`ways`: the auditor's addresses by their name."""
        own = Facts(
            asked_at=self.clock(),
            started_at=self.started,
            reached_at=self._reached,
            disks=tuple(_disk(path) for path in self.settings.disks),
            voices=voices,
            unwritable=self.unwritable,
        )
        try:
            found = self.asking.ask(lambda connection: self._rows(connection, own, ways), ANSWER_S)
        except (Away, psycopg.Error) as error:
            # What comes back may be a backup of yesterday.
            self._lost, self._mark = True, 0
            reason = str(error) if isinstance(error, Away) else fault_of(error)
            return msgspec.structs.replace(own, fault=reason, unwritable="")
        if own.reached_at is not None and self._lost:
            # The others were as blind as we were: each has its time to begin again.
            self.started, found = found.asked_at, msgspec.structs.replace(found, started_at=found.asked_at)
        self._reached, self._lost = found.asked_at, False
        return found

    def _rows(self, connection: Connection, own: Facts, ways: Mapping[str, str]) -> Facts:
        before = self.clock()
        row = connection.execute(QUERIES["now"]).fetchone()
        assert row is not None
        now: datetime = row["now"]
        after = self.clock()
        limits: dict[str, object] = {
            "now": now,
            "some": SOME,
            "agent_s": self.settings.agent_s,
            "untested_s": self.settings.untested_h * 3600,
            "outbox_s": self.settings.outbox_s,
            "due_s": self.settings.due_s,
            "finding_s": self.settings.finding_s,
            "handled_s": self.settings.handled_s,
            "addresses": list(ways.values()),
            "mark": self._mark,
        }
        found: dict[str, object] = {}
        faults: dict[str, str] = {}
        for name, read in self._readers(ways).items():
            try:
                found[name] = read(connection.execute(QUERIES[name], limits).fetchall())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if connection.closed:
                    raise
                faults[name] = "no answer in time"
            except psycopg.Error as error:
                faults[name] = fault_of(error)
        half = before + (after - before) / 2
        values = msgspec.structs.asdict(own) | found
        return Facts(**{**values, "asked_at": half, "database_at": now, "faults": faults})

    def _readers(self, ways: Mapping[str, str]) -> Mapping[str, Callable[[list[dict[str, Any]]], object]]:
        def same(rows: list[dict[str, Any]]) -> tuple[str, ...]:
            taken = {row["address"] for row in rows}
            return tuple(name for name, address in ways.items() if address in taken)

        plain: dict[str, Callable[[list[dict[str, Any]]], object]] = dict.fromkeys(BACKLOGS, _backlog)
        own = {"beats": self._heard, "agents": lambda rows: Agents(**rows[0]), "same_way": same, "events": self._events}
        return {**plain, **own}

    def _events(self, rows: list[dict[str, Any]]) -> Backlog:
        # A week of events is read once, and then only what is new.
        self._mark = rows[0]["mark"] or self._mark
        return _backlog(rows)

    def _heard(self, rows: list[dict[str, Any]]) -> tuple[Beat, ...]:
        steady = time.monotonic()
        beats = []
        for row in rows:
            key, info = (row["service"], row["instance"]), row["info"]
            at, since = self._beats.get(key, (None, steady))
            if at != row["at"]:
                since = steady
            self._beats[key] = (row["at"], since)
            connected = info.get("connected")
            beats.append(
                Beat(
                    service=row["service"],
                    instance=row["instance"],
                    at=row["at"],
                    unchanged_s=steady - since,
                    connected=connected if isinstance(connected, bool) else None,
                    waiting=int(info.get("waiting") or 0),
                )
            )
        return tuple(beats)


def _backlog(rows: list[dict[str, Any]]) -> Backlog:
    row = rows[0]
    return Backlog(count=row["n"], oldest=row["oldest"], some=tuple(row["some"] or ()))


def _disk(path: Path) -> Disk:
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return Disk(str(path), None)
    return Disk(str(path), usage.free / usage.total)
