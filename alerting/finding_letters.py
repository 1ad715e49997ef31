"""Who is told of a finding's step, in which words: the chain of its place, a letter for every way to reach them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerting import letters, outbox
from alerting.contacts import Contact
from alerting.finding import Finding, Step
from alerting.finding_policy import OFFICERS, FindingPolicy, Party, reach
from alerting.finding_sql import QUERIES
from alerting.help import duty
from runtime.db import Connection

LETTER_LIFE = timedelta(hours=24)
TIME = {"zh": "%Y年%m月%d日 %H:%M", "en": "%Y-%m-%d %H:%M"}
STEPS = {
    "zh": {
        "review": "待核查",
        "pushed": "已通知责任方",
        "back": "再次出现",
        "late": "逾期未整改",
        "overdue": "整改逾期升级",
        "reminder": "等待您处理",
        "rectified": "已整改，待核实",
        "appealed": "对方有异议，待裁定",
        "appeal_refused": "异议不成立，限期整改",
        "ended": "已自行恢复",
        "case": "已立案",
    },
    "en": {
        "review": "please look at it",
        "pushed": "those who answer for it were told",
        "back": "it is back",
        "late": "not put right in time",
        "overdue": "overdue, raised",
        "reminder": "it waits for you",
        "rectified": "put right, please verify",
        "appealed": "disputed, please judge",
        "appeal_refused": "the finding stands, to be put right",
        "ended": "it ended by itself",
        "case": "it is a case now",
    },
}


def tell(
    connection: Connection, finding: Finding, policy: FindingPolicy, step: Step, now: datetime, public_url: str
) -> tuple[Party, ...]:
    """Queues the letters of a step; returns who should have been told and has no contact method.

    In place of whoever cannot be reached the next above is told.
    """
    if not step.tell:
        return ()
    facts = connection.execute(QUERIES["facts"], {"id": finding.id}).fetchone()
    assert facts is not None
    asked = {party: facts[f"{party}_id"] for party in policy.chain}
    known = duty.reach(connection, [one for one in asked.values() if one is not None], now)
    contacts = {party: known[one].contacts if one in known else () for party, one in asked.items()}
    told = reach(step.tell, frozenset(party for party, known in contacts.items() if known), policy.chain)
    for party in told.parties:
        stage = "finding_officer" if party in OFFICERS else step.letter
        if stage:

            def letter(language: str, party: Party = party, stage: str = stage) -> letters.Letter:
                known = _facts(facts, step, party, language, public_url)
                times = {"time": facts["opened_at"], "due": step.due_at or now}
                shown = {name: moment(at, language, policy.timezone) for name, at in times.items()}
                return letters.render(stage, language, {**known, **shown})

            outbox.tell(
                connection,
                contacts[party],
                letter,
                prefix=f"f{finding.id}-{stage}-{party}-v{finding.version}",
                stage=stage,
                now=now,
                give_up_at=now + LETTER_LIFE,
                finding_id=finding.id,
            )
    return told.missing


def _facts(facts: Mapping[str, Any], step: Step, party: Party, language: str, public_url: str) -> dict[str, object]:
    page = f"/oversight/finding/{facts['number']}"
    if party not in OFFICERS:
        page = f"/kitchen/finding/{facts['number']}" if facts["kitchen_code"] else f"/lift/{facts['lift_code']}"
    return {
        "number": facts["number"],
        "kitchen": facts[f"name_{language}"] or facts["lift_code"],
        "rule": facts["rule"],
        "zone": facts["zone"],
        "step": STEPS[language].get(step.action, step.action),
        "link": f"{public_url}{page}",
    }


def ways_to(connection: Connection, organisation: int | None, now: datetime) -> Sequence[Contact]:
    """How an organisation is reached now; nobody is reached in no way."""
    return () if organisation is None else duty.contacts(connection, organisation, now).contacts


def moment(at: datetime, language: str, timezone: str) -> str:
    """A time by the city's clock."""
    return at.astimezone(ZoneInfo(timezone)).strftime(TIME[language])
