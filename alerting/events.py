"""From event rows to incidents: what a new event means for what is already open. Findings have their own module."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from alerting import finding_events
from alerting.centre_time import began
from alerting.effects import Rescue
from alerting.sql import QUERIES
from contracts.kinds import Phase, Rule
from runtime.db import Connection

TRAPPED = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL)


def handle(connection: Connection, row: Mapping[str, Any], now: datetime, public_url: str) -> str:
    """Deals with one event in the caller's transaction and returns what was made of it, in words."""
    try:
        rule, phase = Rule(row["rule"]), Phase(row["phase"])
    except ValueError:
        return f"rule {row['rule']!r} is not known here"
    if row["lift_id"] is not None and rule in (*TRAPPED, Rule.ALARM_BUTTON):
        connection.execute(QUERIES["lift_lock"], {"lift": row["lift_id"]})
        return _lift(connection, row, rule, phase, now, public_url)
    return finding_events.handle(connection, row, rule, phase, now, public_url)


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
        alarm_at=began(row),
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
    connection.execute(QUERIES["numbers_lock"])
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
