"""Runs an exercise: asks the edge, follows it on rows, answers for the crew, ends it, and says what was seen.

It works as a person at the desk would, under the api's role: orders to edges, commands to the desk, nothing else.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from psycopg.types.json import Jsonb

from alerting.drills import Drill, DrillError
from alerting.drills.stages import Result, missing, stages_of
from contracts.kinds import CommandKind, Phase, Rule
from runtime.db import Connection, Queries

QUERIES = Queries("alerting.drills")
LOOK_S, END_S, ORDER_LIFE_S = 0.2, 20.0, 60.0
SPARE_S = 60.0
"""beyond the exercise's own time its event still opens something"""
Say = Callable[[str], None]


class Wanted(NamedTuple):
    """What was asked for. `played`: the exercise answers for the crew; else people do."""

    drill: Drill
    lift: str
    receivers: str
    actor: str
    reason: str
    played: bool = True


class Run:
    """One exercise under way."""

    def __init__(self, connection: Connection, wanted: Wanted, say: Say, event: UUID | None = None) -> None:
        self.connection, self.wanted, self.drill, self.say = connection, wanted, wanted.drill, say
        self.event, self.order = event or uuid4(), uuid4()
        self._said: set[str] = set()
        self._note = ""

    def run(self) -> Result:
        """All of it. Raises DrillError when it cannot begin."""
        lift = self._lift()
        self._begin(lift)
        row: Mapping[str, Any] = {}
        try:
            row = self._follow()
        finally:
            # Whatever happens here, also Ctrl-C: nobody is left with an exercise that nobody ends.
            seen = bool(row) and not missing(self.drill, row) and not self._note
            self.end(lift["device_id"], passed=seen)
            row = self._row()
            passed, stages = seen and not self._note, stages_of(self.drill, row)
            values = {"id": self.event, "passed": passed, "stages": Jsonb(msgspec.to_builtins(stages))}
            self.connection.execute(QUERIES["drill_end"], values)
        self._tell(row)
        return Result(
            name=self.drill.name,
            lift=lift["code"],
            passed=passed,
            stages=stages,
            incident=row["number"],
            letters=row["letters"],
            failed=row["failed"],
            note=self._note or self._unseen(row),
        )

    def _lift(self) -> Mapping[str, Any]:
        row = self.connection.execute(QUERIES["lift"], {"lift": self.wanted.lift}).fetchone()
        if row is None:
            raise DrillError(f"lift: {self.wanted.lift!r} is not registered")
        if row["device_id"] is None:
            raise DrillError(f"lift: {self.wanted.lift} has no device that could publish anything")
        if row["open"] is not None:
            raise DrillError(f"lift: {row['open']} is open at {self.wanted.lift}, expected none")
        return row

    def _begin(self, lift: Mapping[str, Any]) -> None:
        wanted = self.wanted
        by = {"actor": wanted.actor, "reason": wanted.reason}
        life_s = self.drill.within_s + SPARE_S
        with self.connection.transaction():
            self.connection.execute(
                QUERIES["drill_new"],
                {
                    **by,
                    "id": self.event,
                    "name": self.drill.name,
                    "lift": lift["id"],
                    "device": lift["device_id"],
                    "receivers": wanted.receivers,
                    "life_s": life_s,
                },
            )
            order_edge(self.connection, self.order, lift["device_id"], self._args(Phase.START), wanted)
            details = Jsonb({"drill": str(self.event), "receivers": wanted.receivers})
            values = {**by, "object": f"lift {lift['code']}: {self.drill.name}", "details": details}
            self.connection.execute(QUERIES["logged"], values)

    def _args(self, phase: Phase, **more: object) -> dict[str, object]:
        args: dict[str, object] = {
            "name": self.drill.name,
            "event": str(self.event),
            "rule": self.drill.rule.value,
            "phase": phase.value,
            "people": self.drill.people,
            "floor": self.drill.floor,
        }
        return args | more

    def _follow(self) -> Mapping[str, Any]:
        end, crew = time.monotonic() + self.drill.within_s, list(self.drill.crew if self.wanted.played else ())
        row = self._row()
        while time.monotonic() < end and missing(self.drill, row) and not self._stopped(row):
            if crew and row["sent"] is not None and self._answer(crew[0], row):
                crew.pop(0)
            time.sleep(LOOK_S)
            row = self._row()
            self._tell(row)
        return row

    def _row(self) -> Mapping[str, Any]:
        row = self.connection.execute(QUERIES["stages"], {"event": self.event, "order": self.order}).fetchone()
        assert row is not None
        return row

    def _stopped(self, row: Mapping[str, Any]) -> bool:
        """Whether it can go no further, with the reason kept as its note."""
        if row["ended"] is not None:
            self._note = str(row["ended_by"] or "somebody closed it")
        elif row["stored"] is not None and row["opened"] is None:
            said = self.connection.execute(QUERIES["outcome"], {"event": self.event}).fetchone()
            if said is not None and said["outcome"] not in ("claimed",):
                self._note = str(said["outcome"])
        elif row["published"] is None:
            refused = self.connection.execute(QUERIES["refusals"], {"order": self.order}).fetchone()
            self._note = f"the edge refuses: {refused['reason']}" if refused else ""
        return bool(self._note)

    def _answer(self, kind: CommandKind, row: Mapping[str, Any]) -> bool:
        """What the first crew would tap; True when the desk has taken it."""
        dispatch = self.connection.execute(QUERIES["dispatch"], {"incident": row["incident"]}).fetchone()
        if dispatch is None:
            return False
        args: dict[CommandKind, dict[str, object]] = {
            CommandKind.EN_ROUTE: {"eta_minutes": 1},
            CommandKind.ARRIVED: {"proof": "qr", "code": self.wanted.lift},
            CommandKind.RELEASED: {"people": self.drill.people},
        }
        refused = command(self.connection, kind, row["incident"], dispatch["id"], args.get(kind, {}), self.wanted)
        if refused:
            self._note = f"{kind}: {refused}"
        return not refused

    def end(self, device: int, passed: bool) -> str:
        """The end goes the way that the beginning went; where that way is broken the desk is asked. What was amiss."""
        end_order = uuid4()
        args = self._args(Phase.END, passed=passed)
        order_edge(self.connection, end_order, device, args, self.wanted)
        end = time.monotonic() + END_S
        row = self._row()
        while row["incident"] is not None and row["ended"] is None and time.monotonic() < end:
            time.sleep(LOOK_S)
            row = self._row()
        if row["incident"] is not None and row["ended"] is None:
            self._note = self._note or "its end did not come through the chain; the desk was asked to end it"
            refused = command(self.connection, CommandKind.FALSE_ALARM, row["incident"], None, {}, self.wanted)
            if refused:
                self._note = f"{row['number']} is still open ({refused}): close it on the board"
        return self._note

    def _tell(self, row: Mapping[str, Any]) -> None:
        for stage in stages_of(self.drill, row):
            if stage.at is not None and stage.name not in self._said:
                self._said.add(stage.name)
                self.say(f"{stage.name.replace('_', ' ')} after {stage.after_s:.2f} s")

    def _unseen(self, row: Mapping[str, Any]) -> str:
        unseen = missing(self.drill, row)
        return f"not seen within {self.drill.within_s:g} s: {', '.join(unseen)}" if unseen else ""


def end_open(connection: Connection, lift: str, actor: str, say: Say) -> int:
    """Ends what a run that was killed has left open; returns how many. Not one that is still being run."""
    rows = connection.execute(QUERIES["open_drills"], {"lift": lift}).fetchall()
    for row in rows:
        drill = Drill(name=row["name"], zh="", en="", rule=Rule(row["rule"] or Rule.ALARM_BUTTON), must=(), within_s=0)
        run = Run(connection, Wanted(drill, row["lift"], "marked", actor, "ended by hand"), say, row["id"])
        note = run.end(row["device_id"], passed=False)
        connection.execute(QUERIES["drill_end"], {"id": row["id"], "passed": False, "stages": Jsonb([])})
        say(f"drill {row['name']} at lift {row['lift']}: ended{'; ' + note if note else ''}")
    return len(rows)


def order_edge(connection: Connection, order: UUID, device: int, args: Mapping[str, object], wanted: Wanted) -> None:
    """Asks the edge to publish."""
    values = {"id": order, "device": device, "args": Jsonb(dict(args)), "actor": wanted.actor, "life_s": ORDER_LIFE_S}
    connection.execute(QUERIES["order"], {**values, "reason": f"drill: {wanted.reason}"})


def command(
    connection: Connection,
    kind: CommandKind,
    incident: int,
    dispatch: int | None,
    args: Mapping[str, object],
    wanted: Wanted,
) -> str:
    """Asks the desk and waits for what it says; the reason of a refusal, or nothing."""
    identity = uuid4()
    connection.execute(
        QUERIES["command"],
        {
            "id": identity,
            "kind": kind.value,
            "actor": f"drill {wanted.drill.name}",
            "incident": incident,
            "dispatch": dispatch,
            "reason": f"drill: {wanted.reason}",
            "args": Jsonb(dict(args)),
        },
    )
    end = time.monotonic() + END_S
    while time.monotonic() < end:
        said = connection.execute(QUERIES["result"], {"id": identity}).fetchone()
        if said is not None and said["reason"] != "claimed":
            return "" if said["ok"] else str(said["reason"])
        time.sleep(LOOK_S)
    return f"the desk does not answer within {END_S:g} s"
