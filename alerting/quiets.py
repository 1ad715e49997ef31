"""Mutings on rows: who mutes what until when, and what mutes a device now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerting.finding_policy import FAULT_RULES, KITCHEN_RULES, FindingPolicy
from alerting.finding_sql import QUERIES, QUIET
from alerting.model import Refused
from alerting.policy import from_row
from alerting.quiet import Quiet, Subject, Wish, muted, wanted
from contracts.kinds import CentreRule, CommandKind, QuietKind, ServiceMode
from runtime.db import Connection

WHAT = ("lift", "place", "kitchen", "device")
INSPECTION = timedelta(hours=1)
"""how long one word of a lift in inspection mode mutes it; still in it then, it says so again"""


def muting(
    connection: Connection, device: int, rule: str, now: datetime, inspection_s: int | None = None
) -> Quiet | None:
    """What mutes a rule of a device now. With `inspection_s` a lift in inspection mode begins its own session."""
    where = connection.execute(QUERIES["where"], {"device": device, "now": now}).fetchone()
    assert where is not None
    named = {"lift": where["lift_id"], "place": where["place_id"], "kitchen": where["kitchen_id"], "device": device}
    rows = connection.execute(QUIET["running"], {**named, "now": now}).fetchall()
    running = [msgspec.convert(row, type=Quiet, strict=False) for row in rows]
    subject = msgspec.convert({key: where[key] for key in Subject.__struct_fields__}, type=Subject)
    found = muted(rule, subject, running, now)
    if found is None and inspection_s is not None and where["lift_id"] is not None:
        session = _inspection(connection, subject, now, inspection_s)
        return muted(rule, subject, [session], now) if session else None
    return found


def _inspection(connection: Connection, subject: Subject, now: datetime, longest_s: int) -> Quiet | None:
    """Somebody works at a lift that says so: a session of its own, in the name of its maintenance unit."""
    mode = connection.execute(QUIET["mode"], {"device": subject.device_id, "now": now}).fetchone()
    if mode is None or mode["mode"] != ServiceMode.INSPECTION:
        return None
    unit = connection.execute(QUIET["maintenance_unit"], {"lift": subject.lift_id}).fetchone()
    until = now + min(INSPECTION, timedelta(seconds=longest_s))
    wish = Wish(
        kind=QuietKind.MAINTENANCE,
        owner=(unit["name"] if unit else "") or "maintenance unit",
        reason="the lift is in inspection mode",
        rule="",
        until=until,
    )
    return _begin(connection, wish, {"lift": subject.lift_id}, "sensors", now)


def _begin(
    connection: Connection, wish: Wish, named: Mapping[str, int | None], actor: str, now: datetime
) -> Quiet | None:
    """A new muting; None where the same is muted already."""
    values = {**dict.fromkeys(WHAT), **named, "rule": wish.rule, "now": now}
    if connection.execute(QUIET["same"], values).fetchone():
        return None
    row = connection.execute(
        QUIET["new"],
        {
            **values,
            "kind": wish.kind.value,
            "owner": wish.owner,
            "reason": wish.reason,
            "actor": actor,
            "until": wish.until,
        },
    ).fetchone()
    return msgspec.convert(row, type=Quiet, strict=False)


def obey(connection: Connection, row: Mapping[str, Any], kind: CommandKind, now: datetime) -> Refused | None:
    """Carries QUIET (`args.what`, `args.code`, `args.kind`, `args.minutes`, `args.owner`, `args.rule`) or UNQUIET
    (`args.quiet`: its id) out."""
    return _unquiet(connection, row, now) if kind is CommandKind.UNQUIET else _quiet(connection, row, now)


def _quiet(connection: Connection, row: Mapping[str, Any], now: datetime) -> Refused | None:
    args = row["args"]
    what, code = str(args.get("what", "")), str(args.get("code", "")).strip()
    if what not in WHAT:
        return Refused(f"what: {what!r}, expected {', '.join(WHAT)}")
    found = connection.execute(QUIET["by_code"], {"what": what, "code": code}).fetchone()
    if found is None:
        return Refused(f"code: {code!r}, expected the code of a {what} in the register")
    rules = {CentreRule.DEVICE_SILENT.value} | {
        rule.value
        for here, rules in ((found["lifts"], FAULT_RULES), (found["kitchens"], KITCHEN_RULES))
        if here
        for rule in rules
    }
    kinds = [kind for kind, here in (("fault", found["lifts"]), ("kitchen", found["kitchens"])) if here]
    wish = wanted(args, row["reason"], rules, _longest(connection, kinds), now)
    if isinstance(wish, Refused):
        return wish
    if _begin(connection, wish, {what: found["id"]}, row["actor"], now) is None:
        return Refused("muted already; end that first", already=False)
    return None


def _longest(connection: Connection, kinds: list[str]) -> int:
    """The longest muting in seconds that the active policies allow for these kinds of findings."""
    longest = []
    for kind in kinds or ["fault"]:
        row = connection.execute(QUERIES["policy_newest"], {"kind": kind}).fetchone()
        policy = from_row(row["body"]) if row else None
        longest.append(policy.quiet_max_s if isinstance(policy, FindingPolicy) else int(INSPECTION.total_seconds()))
    return min(longest)


def _unquiet(connection: Connection, row: Mapping[str, Any], now: datetime) -> Refused | None:
    identity = str(row["args"].get("quiet", ""))
    if not (identity.isascii() and identity.isdigit() and len(identity) < 19):
        return Refused(f"quiet: {identity!r}, expected the number of a muting")
    found = connection.execute(QUIET["get"], {"id": int(identity)}).fetchone()
    if found is None:
        return Refused(f"quiet: {identity}, expected the number of a muting")
    if found["ended_at"] is not None or found["ends_at"] <= now:
        return Refused("ended already", already=True)
    connection.execute(QUIET["end"], {"id": found["id"], "now": max(now, found["starts_at"]), "actor": row["actor"]})
    connection.execute(QUIET["wake"], {"id": found["id"], "now": now})
    return None
