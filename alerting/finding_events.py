"""From event rows to findings: in kitchens, and the faults of lifts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from alerting import activation, quiets
from alerting.centre_time import began
from alerting.finding import Finding, Sighting, Step, again, ended, first
from alerting.finding_policy import FAULT_RULES, KITCHEN_RULES, FindingPolicy, Terms
from alerting.finding_sql import QUERIES
from alerting.findings import Case
from contracts.kinds import FindingClass, FindingState, Phase, Rule
from runtime.db import Connection


class Active(NamedTuple):
    """The newest policy of a kind, and the id of its row."""

    id: int
    policy: FindingPolicy


def handle(
    connection: Connection, row: Mapping[str, Any], rule: Rule, phase: Phase, now: datetime, public_url: str
) -> str:
    """Deals with one event in the caller's transaction, which holds the lock of its lift or device.

    Returns what was made of it, in words.
    """
    of_lift = row["lift_id"] is not None and rule in FAULT_RULES
    if not of_lift and (row["kitchen_id"] is None or rule not in KITCHEN_RULES):
        return "nothing to do"
    if _details(row).get("drill"):
        return "drill: no finding"
    if phase is Phase.START:
        return _begun(connection, row, rule, now, public_url)
    if phase is Phase.END:
        return _over(connection, row, rule, now, public_url)
    return "update"


def active(connection: Connection, kind: str, now: datetime) -> Active:
    """The policy that new findings begin with. Where none was ever activated the one that we ship is."""
    found, policy = activation.active(connection, kind, now)
    assert isinstance(policy, FindingPolicy)
    return Active(found, policy)


def _begun(connection: Connection, row: Mapping[str, Any], rule: Rule, now: datetime, public_url: str) -> str:
    of_lift = row["lift_id"] is not None
    details = _details(row)
    using = active(connection, "fault" if of_lift else "kitchen", now)
    sighting = look(connection, row["device_id"], rule, using.policy, now)
    sighting = msgspec.structs.replace(
        sighting,
        confidence=row["confidence"],
        cause=str(details.get("cause") or ""),
        advisory=bool(details.get("advisory")),
    )
    terms, step = first(sighting, using.policy, now)
    over = connection.execute(QUERIES["event_over"], {"event": row["event_id"]}).fetchone()
    itself = of_lift or terms.kind is FindingClass.DEVICE
    if over is not None and itself and terms.kind is not FindingClass.IMMEDIATE:
        return "ended before anybody was told"
    same = {
        "device": row["device_id"],
        "lift": row["lift_id"],
        "rule": rule.value,
        "now": now,
        "repeat_s": using.policy.repeat_s,
        "doubtful": step.state is FindingState.UNDER_REVIEW or step.due_reason == "kept",
    }
    recent = connection.execute(QUERIES["open_of_lift" if of_lift else "open_of_kitchen"], same).fetchone()
    if recent is not None:
        return _again(connection, recent, row, terms, step, now, public_url)
    case = open_finding(
        connection,
        {
            "kitchen": row["kitchen_id"],
            "lift": row["lift_id"],
            "device": row["device_id"],
            "event": row["event_id"],
            "silence": None,
            "rule": rule.value,
            "subject": row["subject"],
            "zone": row["zone"],
            "confidence": row["confidence"],
            "at": began(row),
        },
        sighting,
        (terms, step),
        using,
        now,
        public_url,
    )
    if case is None:
        return "finding is there already"
    case.note(step, "detector" if not of_lift else "sensors")
    return f"finding {case.finding.number}"


def look(
    connection: Connection,
    device: int,
    rule: str,
    policy: FindingPolicy,
    now: datetime,
    muted_as: int | None = None,
) -> Sighting:
    """What is known of where something was found: its kind, campaign, mutings, and what was found there before.

    `muted_as` is the device whose mutings count, where that is another.
    """
    where = connection.execute(QUERIES["where"], {"device": device, "now": now}).fetchone()
    assert where is not None
    known = {"kitchen": where["kitchen_id"], "lift": where["lift_id"], "rule": str(rule), "now": now}
    counted = {**known, "certain": policy.automatic_confidence, "within_s": policy.guidance.within_s}
    earlier = connection.execute(QUERIES["earlier_advice"], counted).fetchone()
    assert earlier is not None
    return Sighting(
        rule=str(rule),
        kind=where["kind"] or "",
        campaign=where["campaign"],
        earlier=earlier["n"],
        quiet=quiets.muting(connection, muted_as or device, str(rule), now, policy.quiet_max_s),
    )


def open_finding(
    connection: Connection,
    values: Mapping[str, object],
    sighting: Sighting,
    begun: tuple[Terms, Step],
    using: Active,
    now: datetime,
    public_url: str,
) -> Case | None:
    """Writes the row of a new finding; None where it is there already. Its first line is the caller's to write."""
    terms, step = begun
    made = connection.execute(
        QUERIES["new"],
        {
            **values,
            "class": terms.kind.value,
            "share": terms.share,
            "campaign": sighting.campaign,
            "state": step.state.value,
            "policy": using.id,
            "now": now,
            "due_at": step.due_at,
            "due_reason": step.due_reason,
            "pushed_at": step.changes.get("pushed_at"),
            "quiet_id": step.changes.get("quiet_id"),
        },
    ).fetchone()
    return None if made is None else Case(connection, made["id"], now, public_url)


def _again(
    connection: Connection,
    recent: Mapping[str, Any],
    row: Mapping[str, Any],
    terms: Terms,
    step: Step,
    now: datetime,
    public_url: str,
) -> str:
    """One more of what is open, or of what ended a moment ago."""
    connection.execute(QUERIES["repeat"], {"id": recent["id"], "now": now, "event": row["event_id"]})
    by_itself = recent["closed_at"] is not None and connection.execute(QUERIES["reopen"], {"id": recent["id"]}).rowcount
    if recent["closed_at"] is None or by_itself:
        case = Case(connection, recent["id"], now, public_url)
        further = again(case.finding, terms, step, case.policy, now)
        if further is not None:
            case.take(further, "detector" if row["lift_id"] is None else "sensors")
    return f"repeat of finding {recent['id']}"


def _over(connection: Connection, row: Mapping[str, Any], rule: Rule, now: datetime, public_url: str) -> str:
    """An event has ended. Where it was the last one of its finding, the finding may have ended by itself."""
    same = {"device": row["device_id"], "rule": rule.value, "event": row["event_id"]}
    found = connection.execute(QUERIES["live_finding"], same).fetchone()
    if found is None:
        return "end without an open finding"
    connection.execute(QUERIES["event_ended"], {"id": found["id"], "event": row["event_id"]})
    case = Case(connection, found["id"], now, public_url)
    return close_by_itself(case, str(_details(row).get("reason", ""))[:200] or "no longer")


def close_by_itself(case: Case, reason: str) -> str:
    """Closes a finding whose cause is gone, if that is an end."""
    finding: Finding = case.finding
    step = None if finding.still_on else ended(finding, reason, case.policy, case.now)
    if step is None:
        return f"end in finding {finding.number}"
    case.take(step, "sensors")
    return f"finding {finding.number} ended by itself"


def _details(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = row["body"].get("details")
    return found if isinstance(found, dict) else {}
