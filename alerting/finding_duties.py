"""What there is to do about findings at a moment: clocks that ran out, silences, daily letters."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from alerting import digest, findings, silences
from alerting.finding_policy import FindingPolicy
from alerting.finding_sql import QUERIES
from alerting.policy import from_row
from runtime.db import Connection

DEFAULT_SILENCE_S = 3600
"""until a policy is active"""


class Duty(NamedTuple):
    """One piece of work, and the lift or else the device that it is about."""

    what: str
    lift: int | None
    device: int | None
    work: Callable[[], bool]
    """to be done in a transaction of its own; False: nothing was to be done, or another worker is at it"""


def due(connection: Connection, now: datetime, public_url: str) -> Iterator[Duty]:
    """What there is to do at `now`, a page of each kind."""
    at = {"now": now}
    for row in connection.execute(QUERIES["silences_due"], {**at, "shortest_s": _shortest(connection)}).fetchall():
        work = partial(silences.open_silence, connection, row, now, public_url)
        yield Duty(f"silence {row['id']}", row["lift_id"], row["device_id"], work)
    for name, work_on in (("silences_over", silences.close_silence), ("due", findings.run_out)):
        for row in connection.execute(QUERIES[name], at).fetchall():
            work = partial(work_on, connection, row["id"], now, public_url)
            yield Duty(f"finding {row['id']}", row["lift_id"], row["device_id"], work)
    for row in connection.execute(QUERIES["digests_due"], at).fetchall():
        work = partial(digest.write, connection, row["organisation"], now, public_url)
        yield Duty(f"digest of {row['organisation']}", None, None, work)


def _shortest(connection: Connection) -> int:
    """The shortest time in seconds after which a silence is a finding for one of the active policies."""
    found = []
    for kind in ("fault", "kitchen"):
        row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
        policy = from_row(row["body"]) if row else None
        found.append(policy.silence_s if isinstance(policy, FindingPolicy) else DEFAULT_SILENCE_S)
    return min(found)
