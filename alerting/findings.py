"""Findings on rows: the next step, its line in the history, and the owner's letter in one transaction."""

from datetime import datetime, timedelta

import msgspec

from alerting import letters, outbox
from alerting.effects import Fenced
from alerting.finding import Finding, Step
from alerting.policy import KitchenPolicy, from_row
from alerting.sql import QUERIES
from runtime.db import Connection

COLUMNS = ("rectified_at", "rectify_note", "verified_at", "verified_by", "closed_at")
LETTER_LIFE = timedelta(hours=24)
TIME = {"zh": "%Y年%m月%d日 %H:%M", "en": "%Y-%m-%d %H:%M"}


class Case:
    """One finding, locked in the caller's transaction."""

    def __init__(self, connection: Connection, finding_id: int, now: datetime, public_url: str) -> None:
        self.connection, self.now, self.public_url = connection, now, public_url
        row = connection.execute(QUERIES["finding_locked"], {"id": finding_id}).fetchone()
        assert row is not None
        policy = from_row(row["policy"])
        assert isinstance(policy, KitchenPolicy)
        self.policy = policy
        self.finding = msgspec.convert(row, type=Finding, strict=False)

    def take(self, step: Step, actor: str) -> None:
        """The finding's next step. Raises Fenced when somebody was faster."""
        values = {column: step.changes.get(column) for column in COLUMNS}
        done = self.connection.execute(
            QUERIES["finding_update"],
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
        """The step's line in the history, and its letter if it has one."""
        self.connection.execute(
            QUERIES["finding_entry"],
            {
                "finding": self.finding.id,
                "now": self.now,
                "actor": actor,
                "action": step.action,
                "reason": step.reason,
                "policy_version": self.policy.version,
            },
        )
        if step.letter:
            self._tell(step)

    def _tell(self, step: Step) -> None:
        facts = self.connection.execute(QUERIES["finding_facts"], {"id": self.finding.id}).fetchone()
        assert facts is not None
        contacts = self.connection.execute(QUERIES["contacts"], {"organisation": facts["owner_org_id"]}).fetchall()
        for contact in contacts:
            language = contact["language"]
            due = step.due_at or self.now
            known = {
                "number": facts["number"],
                "kitchen": facts[f"name_{language}"],
                "rule": facts["rule"],
                "zone": facts["zone"],
                "time": facts["opened_at"].strftime(TIME[language]),
                "due": due.strftime(TIME[language]),
                "link": f"{self.public_url}/kitchen/finding/{facts['number']}",
            }
            outbox.enqueue(
                self.connection,
                dedupe=f"f{self.finding.id}-{step.letter}-{contact['id']}-v{self.finding.version}",
                channel=contact["channel"],
                address=contact["address"],
                stage=step.letter,
                language=language,
                letter=letters.render(step.letter, language, known),
                now=self.now,
                give_up_at=self.now + LETTER_LIFE,
                finding_id=self.finding.id,
                contact_method_id=contact["id"],
            )
