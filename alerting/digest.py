"""Class III: one letter a day to each owner that names what they should know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerting import finding_letters, letters, outbox
from alerting.finding import digested
from alerting.finding_sql import QUERIES
from alerting.findings import Case
from runtime.db import Connection

NAMED = 3
"""as many findings are named in a letter; how many more there are is said"""


def write(connection: Connection, organisation: int | None, now: datetime, public_url: str) -> bool:
    """The day's letter of one owner or maintenance unit, and the step of each finding in it."""
    locked = connection.execute(QUERIES["digest_lock"], {"organisation": organisation}).fetchone()
    if locked is None or not locked["mine"]:
        return False
    rows = connection.execute(QUERIES["digest_of"], {"organisation": organisation, "now": now}).fetchall()
    if not rows:
        return False
    cases = [Case(connection, row["id"], now, public_url) for row in rows]
    contacts = finding_letters.contacts_of(connection, organisation)
    for contact in contacts:
        _enqueue(connection, cases, contact, now, public_url)
    for case in cases:
        case.take(digested(case.finding, case.policy, now), "sunlit")
        if not contacts:
            case.entry("sunlit", "unreachable", f"{case.policy.chain[0]} has no contact method")
    return True


def _enqueue(
    connection: Connection, cases: Sequence[Case], contact: dict[str, Any], now: datetime, public_url: str
) -> None:
    language = contact["language"]
    named = []
    for case in cases[:NAMED]:
        facts = connection.execute(QUERIES["facts"], {"id": case.finding.id}).fetchone()
        assert facts is not None
        rule = letters.RULES[language].get(facts["rule"], facts["rule"])
        named.append(f"{facts[f'name_{language}'] or facts['lift_code']}: {rule}")
    first = cases[0]
    page = "/kitchen" if first.row["kitchen_id"] is not None else "/"
    known = {"n": len(cases), "named": named, "more": len(cases) - len(named), "link": f"{public_url}{page}"}
    outbox.enqueue(
        connection,
        dedupe=f"digest-{contact['id']}-f{first.finding.id}-v{first.finding.version}",
        channel=contact["channel"],
        address=contact["address"],
        stage="finding_digest",
        language=language,
        letter=letters.render("finding_digest", language, known),
        now=now,
        give_up_at=now + finding_letters.LETTER_LIFE,
        finding_id=first.finding.id,
        contact_method_id=contact["id"],
    )
