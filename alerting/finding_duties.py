"""What there is to do about findings at a moment: clocks that ran out, silences, daily letters."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from alerting import digest, findings, silences
from alerting.finding_policy import FindingPolicy
from alerting.finding_sql import QUERIES
from alerting.policy import from_row
from runtime.db import Connection

DEFAULT_SILENCE_S = 3600
"""until a policy is active"""


def due(connection: Connection, now: datetime, public_url: str) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Each piece of work with its name; the engine does it in a transaction of its own."""
    at = {"now": now}
    for row in connection.execute(QUERIES["silences_due"], {**at, "shortest_s": _shortest(connection)}).fetchall():
        yield f"silence {row['id']}", partial(silences.open_silence, connection, row, now, public_url)
    for row in connection.execute(QUERIES["silences_over"]).fetchall():
        yield f"finding {row['id']}", partial(silences.close_silence, connection, row["id"], now, public_url)
    for row in connection.execute(QUERIES["due"], at).fetchall():
        yield f"finding {row['id']}", partial(findings.run_out, connection, row["id"], now, public_url)
    for row in connection.execute(QUERIES["digests_due"], at).fetchall():
        organisation = row["organisation"]
        yield f"digest of {organisation}", partial(digest.write, connection, organisation, now, public_url)


def _shortest(connection: Connection) -> int:
    """The shortest time in seconds after which a silence is a finding for one of the active policies."""
    found = []
    for kind in ("fault", "kitchen"):
        row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
        policy = from_row(row["body"]) if row else None
        found.append(policy.silence_s if isinstance(policy, FindingPolicy) else DEFAULT_SILENCE_S)
    return min(found)
