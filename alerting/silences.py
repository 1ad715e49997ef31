"""From silences to findings: who is not heard for too long, one finding for each cause, closed when heard again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerting import finding_events
from alerting.finding import first
from alerting.finding_sql import QUERIES
from alerting.findings import Case
from contracts.kinds import CentreRule, DeviceKind
from runtime.db import Connection


def open_silence(connection: Connection, silence_id: int, now: datetime, public_url: str) -> bool:
    """Makes a finding of one silence; an agent's is that of everything behind it."""
    row = connection.execute(QUERIES["silence"], {"silence": silence_id}).fetchone()
    if row is None:
        return False
    subject: Mapping[str, Any] = row
    if row["kind"] == DeviceKind.AGENT:
        behind = connection.execute(QUERIES["behind"], {"agent": row["device_id"]}).fetchone()
        if behind is None:
            return False
        subject = behind
    of_lift = subject["lift_id"] is not None
    if not of_lift and subject["kitchen_id"] is None:
        return False
    using = finding_events.active(connection, "fault" if of_lift else "kitchen", now)
    # Muted as what it is (the agent), told as whose it is (the first lift or kitchen behind it).
    sighting = finding_events.look(
        connection, subject["device_id"], CentreRule.DEVICE_SILENT, using.policy, now, muted_as=row["device_id"]
    )
    terms, step = first(sighting, using.policy, now)
    case = finding_events.open_finding(
        connection,
        {
            "kitchen": None if of_lift else subject["kitchen_id"],
            "lift": subject["lift_id"],
            "device": row["device_id"],
            "event": None,
            "silence": row["id"],
            "rule": CentreRule.DEVICE_SILENT.value,
            "subject": row["code"],
            "zone": row["zone"],
            "confidence": 1.0,
            "at": row["since"],
        },
        sighting,
        (terms, step),
        using,
        now,
        public_url,
    )
    if case is None:
        return False
    case.note(step, "sunlit")
    if row["kind"] == DeviceKind.AGENT:
        case.entry("sunlit", "behind", f"{subject['devices']} devices behind it, {subject['lifts']} of them lifts")
    return True


def close_silence(connection: Connection, finding_id: int, now: datetime, public_url: str) -> bool:
    """The device was heard again, or is no longer in use."""
    case = Case(connection, finding_id, now, public_url)
    if case.row["closed_at"] is not None or case.finding.still_on:
        return False
    before = case.finding.version
    finding_events.close_by_itself(case, "heard again")
    return case.finding.version != before
