"""From event rows to incidents: what a new event means for what is already open."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from alerting import activation, finding_events
from alerting.case import number_of
from alerting.centre_time import began
from alerting.crew import MOST_PEOPLE
from alerting.drills.asked import asked
from alerting.effects import Rescue
from alerting.grouping import ALARMS, TRAPPED, Known, Meaning, meaning
from alerting.lift_policy import LiftPolicy
from alerting.means import Means
from alerting.model import CallTier, Reopen, SetIncident, StandDown
from alerting.sql import QUERIES
from contracts.kinds import Hazard, IncidentState, Phase, Rule
from runtime.db import Connection

log = logging.getLogger(__name__)


def handle(connection: Connection, row: Mapping[str, Any], now: datetime, means: Means) -> str:
    """Deals with one event in the caller's transaction and returns what was made of it, in words."""
    try:
        rule, phase = Rule(row["rule"]), Phase(row["phase"])
    except ValueError:
        return f"rule {row['rule']!r} is not known here"
    if row["lift_id"] is not None and rule in ALARMS:
        connection.execute(QUERIES["lift_lock"], {"lift": row["lift_id"]})
        return _Alarm(connection, row, rule, now, means).take(phase)
    if rule in ALARMS:
        log.error("%s of device %s: it belongs to no lift, nobody can be called", rule, row["device_id"])
        return "alarm of a device without a lift: nobody is called"
    return finding_events.handle(connection, row, rule, phase, now, means.public_url)


class _Alarm:
    """An alarm of a lift, whose lock the caller's transaction holds."""

    def __init__(self, connection: Connection, row: Mapping[str, Any], rule: Rule, now: datetime, means: Means) -> None:
        self.connection, self.row, self.rule, self.now, self.means = connection, row, rule, now, means
        details = row["body"].get("details")
        self.details: dict[str, Any] = details if isinstance(details, dict) else {}
        # What was not asked for is an alarm, whatever it calls itself.
        self.exercise = asked(connection, row["event_id"], row["lift_id"]) if "drill" in self.details else None
        values = {"lift": row["lift_id"]}
        self.newest = connection.execute(QUERIES["incident_newest_of_lift"], values).fetchone()

    def take(self, phase: Phase) -> str:
        if phase is Phase.END:
            return self._end()
        if phase is Phase.UPDATE and self._begun:
            return self._update()
        drill = self.exercise is not None
        if self.exercise is not None and self.now > self.exercise.until:
            return "drill: too late, nothing is opened"
        known = msgspec.convert({**self.newest, "drill": self.newest["source"] == "drill"}, Known, strict=False) \
            if self.newest else None  # fmt: skip
        _, policy = newest_policy(self.connection, self.now)
        judged = meaning(self.rule, drill, known, policy.clocks, self.now)
        if judged is Meaning.NEW:
            if self._over and self.rule is Rule.STOPPED_OUTSIDE_ZONE:
                return "moved on before it was heard of"
            return self._open(drill)
        if judged is Meaning.REFUSED_DRILL:
            return "drill: refused, a real incident is open"
        assert self.newest is not None
        if judged is Meaning.PART:
            return f"part of {self.newest['number']}"
        if judged is Meaning.REPLACE_DRILL:
            self.details |= end_drill(self._rescue(self.newest))
            self.newest = None
            return self._open(drill)
        if judged is Meaning.REOPEN:
            self._count()
            self._rescue(self.newest).carry_out([Reopen(f"{self.rule} again")], "sensors")
            return f"opened {self.newest['number']} again"
        self._count()
        rescue = self._rescue(self.newest)
        rescue.entry("sensors", "repeated", f"{self.rule} again")
        rescue.carry_out(
            [CallTier(1, f"{self.rule} while it was looked at")] if judged is Meaning.PROMOTE else [], "sensors"
        )
        return f"repeat of {self.newest['number']}"

    @property
    def _over(self) -> bool:
        """Whether its end is there already: a backlog came at once, or in another order."""
        found = self.connection.execute(QUERIES["event_over"], {"event": self.row["event_id"]}).fetchone()
        return bool(found and found["over"])

    @property
    def _begun(self) -> bool:
        """Whether the alarm itself was heard; where only its update was, that is the alarm."""
        found = self.connection.execute(QUERIES["event_begun"], {"event": self.row["event_id"]}).fetchone()
        return bool(found and found["begun"])

    def _rescue(self, incident: Mapping[str, Any]) -> Rescue:
        return Rescue(self.connection, incident["id"], self.now, self.means)

    def _count(self) -> None:
        assert self.newest is not None
        kept = self.rule if self.rule in TRAPPED else Rule(self.newest["rule"])
        if self.newest["rule"] == Rule.STOPPED_OUTSIDE_ZONE:
            kept = self.rule
        values = {"id": self.newest["id"], "rule": kept.value, "people": people_of(self.details), "now": self.now}
        self.connection.execute(QUERIES["incident_repeat"], {**values, "floor": floor_of(self.details)})

    def _open(self, drill: bool) -> str:
        # Who was free again before anybody heard of it has not waited until now: somebody goes and looks, that is all.
        over = self.rule in TRAPPED and self._over
        return open_incident(
            self.connection,
            lift=self.row["lift_id"],
            rule=self.rule,
            source="drill" if drill else "sensor",
            now=self.now,
            alarm_at=self.now if over else began(self.row),
            details=self.details,
            event_id=self.row["event_id"],
            means=self.means,
            actor="sensors",
            follows=self.newest,
        )

    def _update(self) -> str:
        people = people_of(self.details)
        newest = self.newest
        if newest is None or newest["closed_at"] or newest["released_at"] or people is None or self._of_the_other_kind:
            return "update"
        if people == newest["people_inside"]:
            return "update"
        facts = SetIncident(None, {"people_inside": people}, "facts", f"{people} inside")
        self._rescue(newest).carry_out([facts], "sensors")
        return f"update of {newest['number']}"

    @property
    def _of_the_other_kind(self) -> bool:
        """An exercise says nothing of a rescue, and a rescue nothing of an exercise."""
        return self.newest is not None and (self.newest["source"] == "drill") != (self.exercise is not None)

    def _end_exercise(self) -> str:
        newest = self.newest
        if newest is None or newest["event_id"] != self.row["event_id"] or newest["closed_at"] is not None:
            return "end of a drill that is not open"
        end_drill(self._rescue(newest), "the drill is over", tell=True)
        return f"drill {newest['number']} ended"

    def _end(self) -> str:
        newest = self.newest
        if self.exercise is not None:
            return self._end_exercise()
        if self._of_the_other_kind:
            return "end while a drill is the newest"
        if self.rule is Rule.ALARM_BUTTON:
            return "button released"
        if newest is None or newest["closed_at"] is not None:
            return "end without an open incident"
        reason = str(self.details.get("reason", "sensors clear"))
        if self.rule is Rule.STOPPED_OUTSIDE_ZONE:
            if newest["state"] != IncidentState.VERIFYING:
                return "stands outside the door zone no longer"
            if self._stands_still(newest):
                return f"end of another stop than that of {newest['number']}"
            ended = SetIncident(IncidentState.FAULT_NOT_TRAPPED, {"closed_at": self.now}, "fault_not_trapped", reason)
            self._rescue(newest).carry_out([StandDown("the car moved on", "moved_on", coming=True), ended], "sensors")
            return f"{newest['number']}: moved on before anybody was called"
        if self._stands_still(newest):
            return f"end of another alarm than that of {newest['number']}"
        self.connection.execute(QUERIES["incident_sensors_clear"], {"id": newest["id"], "now": self.now})
        # Never closed by sensors alone: a person on site says that it is over.
        self._rescue(newest).entry("sensors", "sensors_clear", reason)
        return f"sensors clear on {newest['number']}"

    def _stands_still(self, newest: Mapping[str, Any]) -> bool:
        """Whether what ended is another alarm than the incident's: a day's backlog comes behind what is new."""
        values = {
            "lift": newest["lift_id"],
            "rules": [rule.value for rule in (TRAPPED if self.rule in TRAPPED else (self.rule,))],
            "event": self.row["event_id"],
            "opened_by": newest["event_id"],
            "opened_at": newest["opened_at"],
        }
        found = self.connection.execute(QUERIES["stands_still"], values).fetchone()
        return bool(found and found["still"])


def end_drill(rescue: Rescue, words: str = "a real alarm ends the drill", *, tell: bool = False) -> dict[str, object]:
    """Closes an exercise; returns what the incident that takes its place must know.

    Nobody is told when a real alarm ends it: "you need not come" could overtake "please go".
    """
    over = [StandDown(words, "drill_over", coming=True)] if tell else []
    ended = SetIncident(IncidentState.FALSE_ALARM, {"closed_at": rescue.now}, "drill_ended", words)
    rescue.carry_out([*over, ended], "sunlit")
    return {"after_drill": rescue.incident.number}


def newest_policy(connection: Connection, now: datetime) -> tuple[int, LiftPolicy]:
    """The policy that new incidents begin with. Where none was ever activated the one that we ship is: no alarm waits
    for a policy."""
    found, policy = activation.active(connection, "lift", now)
    assert isinstance(policy, LiftPolicy)
    return found, policy


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
    means: Means,
    actor: str,
    follows: Mapping[str, Any] | None = None,
) -> str:
    """Opens an incident and calls the first tier. A doubtful alarm is dispatched all the same."""
    policy_id, _ = newest_policy(connection, now)
    where = connection.execute(QUERIES["lift_by_id"], {"lift": lift}).fetchone()
    assert where is not None
    campaigns = connection.execute(QUERIES["campaigns"], {"place": where["place_id"], "at": alarm_at}).fetchall()
    looked_at = rule is Rule.STOPPED_OUTSIDE_ZONE
    made = connection.execute(
        QUERIES["incident_new"],
        {
            "now": now,
            "lift": lift,
            "event_id": event_id,
            "rule": rule.value,
            "source": source,
            "state": (IncidentState.VERIFYING if looked_at else IncidentState.RECEIVED).value,
            "policy": policy_id,
            "people": people_of(details),
            "floor": floor_of(details),
            "details": Jsonb(dict(details)),
            "hazards": hazards_of(details),
            "campaign": " ".join(row["code"] for row in campaigns),
            "follows": follows["id"] if follows and follows["closed_at"] is None else None,
            "alarm_at": alarm_at,
        },
    ).fetchone()
    assert made is not None
    rescue = Rescue(connection, made["id"], now, means)
    rescue.entry(actor, "opened", str(details.get("reason") or rule.value))
    rescue.carry_out([], actor)
    return f"opened {made['number']}"


def people_of(details: Mapping[str, Any]) -> int | None:
    """How many are inside, where that can be believed."""
    found = number_of(details.get("people"))
    return int(found) if found is not None and 0 <= found <= MOST_PEOPLE else None


def floor_of(details: Mapping[str, Any]) -> str:
    return str(details.get("floor") or "")[:20]


def hazards_of(details: Mapping[str, Any]) -> list[str]:
    given = details.get("hazards")
    names = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return sorted({str(name).strip() for name in names} & set(Hazard))
