"""Findings on rows: the next step, its line in the history, and its letters in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from alerting import finding_letters, quiets
from alerting.effects import Fenced
from alerting.finding import Finding, Step, overdue
from alerting.finding_desk import judge
from alerting.finding_policy import FindingPolicy
from alerting.finding_sql import QUERIES
from alerting.model import Refused
from alerting.policy import from_row
from alerting.quiet import Quiet
from contracts.kinds import CommandKind, FindingState
from runtime.db import Connection

COLUMNS = (
    "class",
    "level",
    "reminders",
    "quiet_id",
    "pushed_at",
    "confirmed_at",
    "appealed_at",
    "told_at",
    "ended_at",
    "rectified_at",
    "rectify_note",
    "verified_at",
    "verified_by",
    "closed_at",
)


class Case:
    """One finding, locked in the caller's transaction."""

    def __init__(self, connection: Connection, finding_id: int, now: datetime, public_url: str) -> None:
        self.connection, self.now, self.public_url = connection, now, public_url
        row = connection.execute(QUERIES["locked"], {"id": finding_id}).fetchone()
        assert row is not None
        policy = from_row(row["policy"])
        assert isinstance(policy, FindingPolicy)
        self.policy = policy
        self.row: Mapping[str, Any] = row
        self.finding = msgspec.convert(row, type=Finding, strict=False)

    def take(self, step: Step, actor: str) -> None:
        """The finding's next step. Raises Fenced when somebody was faster."""
        values = {column: step.changes.get(column) for column in COLUMNS}
        done = self.connection.execute(
            QUERIES["update"],
            {
                **values,
                "id": self.finding.id,
                "version": self.finding.version,
                "state": step.state.value,
                "due_at": step.due_at,
                "due_reason": step.due_reason,
            },
        )
        if done.rowcount != 1:
            raise Fenced(f"finding {self.finding.number}: version {self.finding.version} is no longer the newest")
        self.finding = msgspec.structs.replace(self.finding, version=self.finding.version + 1, state=step.state)
        self.note(step, actor)

    def note(self, step: Step, actor: str) -> None:
        """The step's line in the history, and its letters if it has any. Whoever cannot be told is a line too."""
        self.entry(actor, step.action, step.reason)
        for missing in finding_letters.tell(
            self.connection, self.finding, self.policy, step, self.now, self.public_url
        ):
            self.entry("sunlit", "unreachable", f"{missing} has no contact method")

    def entry(self, actor: str, action: str, reason: str, **details: object) -> None:
        """A line of the history."""
        self.connection.execute(
            QUERIES["entry"],
            {
                "finding": self.finding.id,
                "now": self.now,
                "actor": actor,
                "action": action,
                "reason": reason,
                "policy_version": self.policy.version,
                "details": Jsonb(details),
            },
        )

    def quiet(self) -> Quiet | None:
        """What mutes it now."""
        return quiets.muting(self.connection, self.row["device_id"], self.row["rule"], self.now)


def run_out(connection: Connection, finding_id: int, now: datetime, public_url: str) -> bool:
    """What the clock of a finding that has run out does; False where another worker is at it or nothing is due."""
    found = connection.execute(QUERIES["try_lock"], {"id": finding_id, "now": now}).fetchone()
    if found is None:
        return False
    now = found["now"]
    case = Case(connection, finding_id, now, public_url)
    quiet = case.quiet() if case.finding.state is FindingState.MUTED else None
    step = overdue(case.finding, case.policy, now, quiet)
    if step is not None:
        case.take(step, "sunlit")
    return step is not None


def obey(
    connection: Connection, row: Mapping[str, Any], kind: CommandKind, now: datetime, public_url: str
) -> Refused | None:
    """Carries a person's command on a finding out, or says why not."""
    case = Case(connection, row["finding_id"], now, public_url)
    words = str(row["args"].get("note") or row["reason"] or "")
    step = judge(case.finding, kind, words, row["actor"], case.policy, now)
    if isinstance(step, Refused):
        return step
    case.take(step, row["actor"])
    return None
