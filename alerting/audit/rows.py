"""What the auditor keeps in the database: its sign of life and its alarms. What it says does not wait for them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from alerting.audit.facts import Kind, Trouble
from alerting.audit.look import QUERIES
from alerting.audit.watch import Alarm, Key
from alerting.audit.words import sentence
from runtime.db import Connection


class Rows:
    """Writes what has changed since it was last written."""

    def __init__(self, auditor: str) -> None:
        self.auditor = auditor
        self.loaded = False
        self._written: dict[Key, dict[str, object]] = {}

    def load(self, connection: Connection, now: datetime) -> dict[Key, Alarm]:
        """The alarms that an earlier life left open: who was told of them is not told again."""
        rows = connection.execute(QUERIES["alarms_open"], {"auditor": self.auditor}).fetchall()
        alarms = [_alarm(row, now) for row in rows if row["name"] in set(Kind)]
        self.loaded = True
        # Names that this version does not know have ended with it.
        self._written = {(row["name"], row["subject"]): {} for row in rows}
        return {alarm.trouble.key: alarm for alarm in alarms}

    def keep(
        self,
        connection: Connection,
        alarms: Iterable[Alarm],
        told: Mapping[Key, datetime | None],
        info: Mapping[str, object],
        now: datetime,
    ) -> None:
        """The open alarms as they stand, the end of others, and the sign of life. `told`: when it got out last."""
        there: dict[Key, dict[str, object]] = {}
        with connection.transaction():
            for alarm in alarms:
                key = alarm.trouble.key
                there[key] = self._values(alarm, told.get(key))
                if there[key] != self._written.get(key):
                    details = Jsonb(there[key]["details"])
                    connection.execute(QUERIES["alarm_keep"], {**there[key], "details": details})
            for name, subject in self._written.keys() - there.keys():
                values = {"auditor": self.auditor, "name": name, "subject": subject, "now": now}
                connection.execute(QUERIES["alarm_end"], values)
            connection.execute(QUERIES["beat"], {"instance": self.auditor, "info": Jsonb(dict(info))})
        self._written = there

    def _values(self, alarm: Alarm, told: datetime | None) -> dict[str, object]:
        trouble = alarm.trouble
        return {
            "auditor": self.auditor,
            "name": trouble.kind.value,
            "subject": trouble.subject,
            "grave": trouble.grave,
            "since": trouble.since,
            "opened_at": alarm.opened_at,
            "weight": trouble.weight,
            "times": alarm.times,
            "details": dict(trouble.details),
            "words_zh": sentence(trouble, "zh"),
            "words_en": sentence(trouble, "en"),
            "last_said": told,
            "said_weight": alarm.said_weight,
            "said_grave": alarm.said_grave,
        }


def _alarm(row: Mapping[str, Any], now: datetime) -> Alarm:
    trouble = Trouble(
        kind=Kind(row["name"]),
        subject=row["subject"],
        since=row["since"],
        grave=row["grave"],
        weight=row["weight"],
        details=row["details"],
    )
    return Alarm(
        trouble=trouble,
        opened_at=row["opened_at"],
        seen_at=now,
        times=row["times"],
        said_at=row["last_said"],
        said_weight=row["said_weight"],
        said_grave=row["said_grave"],
    )
