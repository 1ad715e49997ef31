"""From event rows to incidents and findings: what a new event means for what is already open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from alerting import finding as life
from alerting.centre_time import centre_time
from alerting.effects import Rescue
from alerting.findings import Case
from alerting.policy import KitchenPolicy, from_row
from alerting.sql import QUERIES
from contracts.kinds import FindingState, Phase, Rule
from runtime.db import Connection

TRAPPED = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL)
KITCHEN = (
    Rule.NO_HAT,
    Rule.NO_MASK,
    Rule.CAMERA_BLIND,
    Rule.STRANGER,
    Rule.CROWDING,
    Rule.CLIMATE,
    Rule.UV_LAMP,
)


def handle(connection: Connection, row: Mapping[str, Any], now: datetime, public_url: str) -> str:
    """Deals with one event in the caller's transaction and returns what was made of it, in words."""
    try:
        rule, phase = Rule(row["rule"]), Phase(row["phase"])
    except ValueError:
        return f"rule {row['rule']!r} is not known here"
    if row["lift_id"] is not None and rule in (*TRAPPED, Rule.ALARM_BUTTON):
        connection.execute(QUERIES["lift_lock"], {"lift": row["lift_id"]})
        return _lift(connection, row, rule, phase, now, public_url)
    if row["kitchen_id"] is not None and rule in KITCHEN and phase is Phase.START:
        return _kitchen(connection, row, rule, now, public_url)
    return "nothing to do"


def _lift(
    connection: Connection, row: Mapping[str, Any], rule: Rule, phase: Phase, now: datetime, public_url: str
) -> str:
    current = connection.execute(QUERIES["incident_open_of_lift"], {"lift": row["lift_id"]}).fetchone()
    details = row["body"].get("details", {})
    if phase is Phase.END:
        if rule is Rule.ALARM_BUTTON or current is None:
            return "end without an open incident" if current is None else "button released"
        connection.execute(QUERIES["incident_sensors_clear"], {"id": current["id"], "now": now})
        reason = str(details.get("reason", "sensors clear"))
        # Never closed by sensors alone: a person on site says that it is over.
        Rescue(connection, current["id"], now, public_url).entry("sensors", "sensors_clear", reason)
        return f"sensors clear on {current['number']}"
    if phase is Phase.UPDATE:
        return "update"
    if current is not None:
        kept = rule if rule in TRAPPED else Rule(current["rule"])
        values = {"id": current["id"], "rule": kept.value, "people": details.get("people")}
        connection.execute(QUERIES["incident_repeat"], {**values, "floor": str(details.get("floor") or "")})
        Rescue(connection, current["id"], now, public_url).entry("sensors", "repeated", f"{rule} again")
        return f"repeat of {current['number']}"
    return open_incident(
        connection,
        lift=row["lift_id"],
        rule=rule,
        source="sensor",
        now=now,
        alarm_at=_began(row),
        details=details,
        event_id=row["event_id"],
        public_url=public_url,
        actor="sensors",
    )


def open_incident(
    connection: Connection,
    *,
    lift: int,
    rule: Rule,
    source: str,
    now: datetime,
    alarm_at: datetime,
    details: Mapping[str, Any],
    event_id: object,
    public_url: str,
    actor: str,
) -> str:
    """Opens an incident and calls the first tier. A doubtful alarm is dispatched all the same."""
    policy = connection.execute(QUERIES["policy_newest"], {"kind": "lift"}).fetchone()
    if policy is None:
        raise RuntimeError("no lift policy is active: run `sunlit alerting activate alerting/policies/lift.toml`")
    made = connection.execute(
        QUERIES["incident_new"],
        {
            "now": now,
            "lift": lift,
            "event_id": event_id,
            "rule": rule.value,
            "source": source,
            "policy": policy["id"],
            "people": details.get("people"),
            "floor": str(details.get("floor") or ""),
            "details": Jsonb(dict(details)),
            "alarm_at": alarm_at,
        },
    ).fetchone()
    assert made is not None
    rescue = Rescue(connection, made["id"], now, public_url)
    rescue.entry(actor, "opened", str(details.get("reason") or rule.value))
    rescue.carry_out([], actor)
    return f"opened {made['number']}"


def _kitchen(connection: Connection, row: Mapping[str, Any], rule: Rule, now: datetime, public_url: str) -> str:
    active = connection.execute(QUERIES["policy_newest"], {"kind": "kitchen"}).fetchone()
    if active is None:
        raise RuntimeError("no kitchen policy is active: run `sunlit alerting activate alerting/policies/kitchen.toml`")
    policy = from_row(active["body"])
    assert isinstance(policy, KitchenPolicy)
    connection.execute(QUERIES["device_lock"], {"device": row["device_id"]})
    same = {"device": row["device_id"], "rule": rule.value, "subject": row["subject"], "now": now}
    advisory = bool(row["body"].get("details", {}).get("advisory"))
    kind, step = life.first(rule, row["confidence"], advisory, policy, now)
    doubtful = step.state is not FindingState.PUSHED
    known = {**same, "repeat_s": policy.repeat_s, "doubtful": doubtful}
    recent = connection.execute(QUERIES["finding_recent"], known).fetchone()
    if recent is not None:
        connection.execute(QUERIES["finding_repeat"], {"id": recent["id"], "now": now})
        return f"repeat of finding {recent['id']}"
    made = connection.execute(
        QUERIES["finding_new"],
        {
            **same,
            "kitchen": row["kitchen_id"],
            "event_id": row["event_id"],
            "class": kind,
            "state": step.state.value,
            "zone": row["zone"],
            "confidence": row["confidence"],
            "policy": active["id"],
            "at": _began(row),
            "due_at": step.due_at,
            "due_reason": step.due_reason,
        },
    ).fetchone()
    if made is None:
        return "finding is there already"
    case = Case(connection, made["id"], now, public_url)
    case.note(step, "detector")
    return f"finding {made['number']}"


def _began(row: Mapping[str, Any]) -> datetime:
    told, heard = row["clock_offset_ms"], row["heard_offset_ms"]
    return centre_time(row["at"], row["observed"], row["received"], told, heard)
