"""What people ask of the desk about lifts, carried out on rows; refusals say why and stand on the timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerting import desk, events
from alerting.case import Case, Order
from alerting.effects import Rescue
from alerting.means import Means
from alerting.model import Incident, Refused
from alerting.sql import QUERIES
from contracts.kinds import CommandKind, Rule
from runtime.db import Connection


def obey(
    connection: Connection, row: Mapping[str, Any], kind: CommandKind, now: datetime, means: Means
) -> Refused | None:
    """Carries out a command on an incident, or opens one; None: done."""
    if kind is CommandKind.OPEN_BY_PHONE:
        return _by_phone(connection, row, now, means)
    if row["incident_id"] is None:
        return Refused(f"{kind}: expected an incident, a finding or a lift")
    rescue = Rescue(connection, row["incident_id"], now, means)
    order = Order(
        kind=kind,
        reason=row["reason"],
        args=row["args"],
        dispatch_id=row["dispatch_id"],
        client_at=row["client_at"],
        by_operator=row["actor_person_id"] is not None,
    )
    judged = desk.judge(_case(connection, rescue, order), order, now)
    if isinstance(judged, Refused):
        if not judged.already:
            rescue.entry(row["actor"], "refused", f"{kind}: {judged.reason}")
        return judged
    rescue.carry_out(judged, row["actor"])
    return None


def _case(connection: Connection, rescue: Rescue, order: Order) -> Case:
    organisation = into = None
    if code := order.args.get("organisation"):
        organisation = connection.execute(QUERIES["organisation_by_code"], {"code": str(code).strip()}).fetchone()
    if number := order.args.get("into"):
        into = connection.execute(QUERIES["incident_by_number"], {"number": str(number).strip()}).fetchone()
    lift = {"lift": rescue.incident.lift_id}
    current = connection.execute(QUERIES["incident_open_of_lift"], lift).fetchone()
    other = current["number"] if current and current["id"] != rescue.incident.id else ""
    return Case(
        incident=rescue.incident,
        dispatches=rescue.dispatches,
        plan=rescue.plan,
        lift_code=rescue.lift["code"],
        where=(rescue.lift["lat"], rescue.lift["lon"]),
        organisation=organisation["id"] if organisation else None,
        into=msgspec.convert(into, type=Incident, strict=False) if into else None,
        other_open=other,
    )


def _by_phone(connection: Connection, row: Mapping[str, Any], now: datetime, means: Means) -> Refused | None:
    if row["lift_id"] is None:
        return Refused("lift: '', expected a lift code")
    connection.execute(QUERIES["lift_lock"], {"lift": row["lift_id"]})
    current = connection.execute(QUERIES["incident_open_of_lift"], {"lift": row["lift_id"]}).fetchone()
    if current is not None and current["source"] != "drill":
        return _called_too(connection, row, current, now, means)
    after: dict[str, object] = {}
    if current is not None:
        after = events.end_drill(Rescue(connection, current["id"], now, means))
    events.open_incident(
        connection,
        lift=row["lift_id"],
        rule=Rule.ALARM_BUTTON,
        source="phone",
        now=now,
        alarm_at=now,
        details={"reason": row["reason"] or "phone call", **row["args"], **after},
        event_id=None,
        means=means,
        actor=row["actor"],
    )
    return None


def _called_too(
    connection: Connection, row: Mapping[str, Any], current: Mapping[str, Any], now: datetime, means: Means
) -> Refused:
    """A call about what is open already confirms it; what the caller knows is kept."""
    rescue = Rescue(connection, current["id"], now, means)
    case = _case(connection, rescue, Order(kind=CommandKind.CONFIRM))
    confirm = desk.judge(case, Order(kind=CommandKind.CONFIRM, reason=f"phone: {row['reason'] or 'call'}"), now)
    args = dict(row["args"])
    if told := events.hazards_of(args):
        # What one caller sees comes on top of what is known; only an operator takes it back.
        args["hazards"] = ",".join(sorted({*rescue.incident.hazards, *told}))
    facts = desk.judge(case, Order(kind=CommandKind.FACTS, args=args), now)
    actions = [*(confirm if isinstance(confirm, list) else []), *(facts if isinstance(facts, list) else [])]
    rescue.carry_out(actions, row["actor"])
    return Refused(f"already open: {current['number']}", already=True)
