"""What there is to do about findings at a moment: silences, clocks that ran out, daily letters."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from alerting import digest, findings, silences
from alerting.finding_policy import FindingPolicy
from alerting.finding_sql import QUERIES
from alerting.policy import from_row
from runtime.db import Connection

Work = Callable[[Connection, int, datetime, str], bool]
"""takes the id, the time and the address of the pages, in a transaction of its own; False: nothing was to be done"""
DEFAULT_SILENCE_S = 3600
"""until a policy is active"""


class Duty(NamedTuple):
    """One piece of work, and the lift or else the device (of a letter: the organisation) whose lock it needs."""

    what: str
    lift: int | None
    key: int
    id: int
    work: Work


LISTS: tuple[tuple[str, str, Work], ...] = (
    ("due", "finding", findings.run_out),
    ("silences_over", "finding", silences.close_silence),
    ("silences_due", "silence", silences.open_silence),
)


def due(connection: Connection, now: datetime, limit: int) -> list[Duty]:
    """What there is to do at `now`, `limit` of each kind at most."""
    values = {"now": now, "limit": limit, **_silence_s(connection)}
    found = []
    for listed, name, work in LISTS:
        for row in connection.execute(QUERIES[listed], values).fetchall():
            found.append(Duty(f"{name} {row['id']}", row["lift_id"], row["device_id"], row["id"], work))
    for row in connection.execute(QUERIES["digests_due"], values).fetchall():
        found.append(Duty(f"daily letter of {row['id']}", None, row["id"], row["id"], digest.write))
    return found


def _silence_s(connection: Connection) -> dict[str, int]:
    """After how long a silence is a finding, by the active policies."""
    found = {}
    for kind in ("fault", "kitchen"):
        row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
        policy = from_row(row["body"]) if row else None
        found[f"{kind}_s"] = policy.silence_s if isinstance(policy, FindingPolicy) else DEFAULT_SILENCE_S
    return found
