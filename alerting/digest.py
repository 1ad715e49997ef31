"""Class III: one letter a day to each owner that names what they should know."""

from collections.abc import Sequence
from datetime import datetime

from alerting import finding_letters, letters, outbox
from alerting.finding import digested
from alerting.finding_sql import QUERIES
from alerting.findings import Case
from runtime.db import Connection

NAMED = 3
"""as many findings are named in a letter; how many more there are is said"""


def write(connection: Connection, organisation: int, now: datetime, public_url: str) -> bool:
    """The day's letter of one owner or maintenance unit (0: nobody is one), and the step of each finding in it."""
    values = {"organisation": organisation, "now": now}
    locked = connection.execute(QUERIES["digest_lock"], values).fetchone()
    if locked is None or not locked["mine"]:
        return False
    rows = connection.execute(QUERIES["digest_of"], values).fetchall()
    if not rows:
        return False
    cases = [Case(connection, row["id"], now, public_url) for row in rows]
    first = cases[0].finding
    told = outbox.tell(
        connection,
        finding_letters.ways_to(connection, organisation or None, now),
        lambda language: _letter(connection, cases, language, public_url),
        prefix=f"digest-f{first.id}-v{first.version}",
        stage="finding_digest",
        now=now,
        give_up_at=now + finding_letters.LETTER_LIFE,
        finding_id=first.id,
    )
    for case in cases:
        case.take(digested(case.finding, case.policy, now), "sunlit")
        if not told:
            case.entry("sunlit", "unreachable", f"{case.policy.chain[0]} has no contact method")
    return True


def _letter(connection: Connection, cases: Sequence[Case], language: str, public_url: str) -> letters.Letter:
    named = []
    for case in cases[:NAMED]:
        facts = connection.execute(QUERIES["facts"], {"id": case.finding.id}).fetchone()
        assert facts is not None
        rule = letters.RULES[language].get(facts["rule"], facts["rule"])
        named.append(f"{facts[f'name_{language}'] or facts['lift_code']}: {rule}")
    page = "/kitchen" if cases[0].row["kitchen_id"] is not None else "/"
    known = {"n": len(cases), "named": named, "more": len(cases) - len(named), "link": f"{public_url}{page}"}
    return letters.render("finding_digest", language, known)
