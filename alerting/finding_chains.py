"""Who of each chain can be reached, out of the register: what proofs of a policy and people who maintain it ask."""

from alerting.finding_policy import FindingPolicy, Gap, KitchenPolicy, Party, Subject, gaps
from alerting.finding_sql import QUERIES
from runtime.db import Connection

NAMED = 5
"""as many are named in one line"""


def subjects(connection: Connection, policy: FindingPolicy) -> list[Subject]:
    """Every kitchen or lift in use that a policy is for, with the parties of its chain that have a contact method."""
    rows = connection.execute(QUERIES["chains"], {"kitchens": isinstance(policy, KitchenPolicy)}).fetchall()
    return [
        Subject(code=row["code"], reachable=frozenset(party for party in policy.chain if row[party.value]))
        for row in rows
    ]


def faults(connection: Connection, policy: FindingPolicy) -> list[str]:
    """One line for each party of a policy's chain that somewhere nobody can tell; names some of where."""
    kind = "kitchens" if isinstance(policy, KitchenPolicy) else "lifts"
    return [words(gap, kind) for gap in gaps(policy, subjects(connection, policy))]


def words(gap: Gap, kind: str) -> str:
    more = f" and {len(gap.codes) - NAMED} more" if len(gap.codes) > NAMED else ""
    who = {Party.GRID: "grid office", Party.MAINTENANCE: "maintenance unit"}.get(gap.party, gap.party.value)
    named = ", ".join(gap.codes[:NAMED])
    return f"{who}: none with a contact method for {len(gap.codes)} {kind} ({named}{more}), expected one for each"
