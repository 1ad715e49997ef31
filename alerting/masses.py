"""Mass incidents on rows: lifts of a place or a grid that stand within minutes.

Each lift keeps its own incident and its clocks; the policy's branches say what is different for it.
"""

from datetime import datetime, timedelta
from typing import Any

from alerting import letters, outbox
from alerting.calls import LETTER_LIFE
from alerting.events import newest_policy
from alerting.grouping import Alarm, Group, masses
from alerting.help import duty
from alerting.lift_policy import Mass
from alerting.words import MASS_CAUSES
from runtime.db import Connection, Queries

QUERIES = Queries("alerting", "masses.sql")


def cycle(connection: Connection, now: datetime) -> int:
    """Finds new mass incidents, lets incidents join those that are open, ends those that are over; returns how many."""
    _, policy = newest_policy(connection, now)
    limits = policy.mass
    since = now - timedelta(seconds=limits.window_s)
    rows = connection.execute(QUERIES["alarms"], {"since": since}).fetchall()
    groups = masses([Alarm(row["lift_id"], row["place_id"], row["grid_code"], row["power"]) for row in rows], limits)
    known = connection.execute(QUERIES["open"]).fetchall()
    if not groups and not known:
        return 0
    with connection.transaction():
        mine = connection.execute(QUERIES["lock"]).fetchone()
        if mine is None or not mine["mine"]:
            return 0
        fresh = [mass for group in groups if (mass := _group(connection, group, now)) is not None]
        done = sum(_join(connection, row, limits, now) for row in connection.execute(QUERIES["open"]).fetchall())
        for mass in fresh:
            _tell(connection, mass, now)
        connection.execute(QUERIES["over"], {"now": now, "quiet_s": limits.quiet_s})
    return done


def _group(connection: Connection, group: Group, now: datetime) -> int | None:
    """The mass incident of a group that has none yet."""
    where = {"place": group.place_id, "grid": group.grid_code}
    row = connection.execute(QUERIES["open_of"], where).fetchone()
    is_new = row is None
    if row is None:
        cause = "power" if group.power else "cluster"
        row = connection.execute(QUERIES["new"], {**where, "cause": cause, "now": now}).fetchone()
    assert row is not None
    values = {"mass": row["id"], "lifts": len(group.lifts), "power": group.power, "now": now}
    connection.execute(QUERIES["still"], values)
    return int(row["id"]) if is_new else None


def _join(connection: Connection, mass: dict[str, Any], limits: Mass, now: datetime) -> int:
    values = {"mass": mass["id"], "now": now, "window_s": limits.window_s}
    joined = {row["id"] for row in connection.execute(QUERIES["join"], values).fetchall()}
    if not joined:
        return 0
    connection.execute(QUERIES["joined"], values)
    members = connection.execute(QUERIES["members"], values).fetchall()
    for place, member in enumerate(members, 1):
        if member["id"] in joined:
            reason = f"part of {mass['number']}, {place} of {len(members)} by need"
            connection.execute(QUERIES["entry"], {"incident": member["id"], "now": now, "reason": reason})
    return len(joined)


def _tell(connection: Connection, mass: int, now: datetime) -> None:
    facts = connection.execute(QUERIES["where"], {"mass": mass}).fetchone()
    assert facts is not None
    members = connection.execute(QUERIES["members"], {"mass": mass}).fetchall()

    def letter(language: str) -> letters.Letter:
        known = {
            "number": facts["number"],
            "place": facts[f"place_{language}"],
            "address": facts[f"address_{language}"],
            "priority": [member["lift_code"] for member in members],
            "lifts": facts["lifts"],
            "cause_text": MASS_CAUSES[language][facts["cause"]],
        }
        return letters.write("mass_notice", language, known)

    for organisation in connection.execute(QUERIES["told"], {"mass": mass}).fetchall():
        outbox.tell(
            connection,
            duty.contacts(connection, organisation["id"], now).contacts,
            letter,
            prefix=f"m{mass}-mass_notice-{organisation['id']}",
            stage="mass_notice",
            now=now,
            give_up_at=now + LETTER_LIFE,
        )
