"""What must hold after every step, and of every story as a whole."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from runtime.db import Connection

LATE = timedelta(seconds=70)
"""a poll, or the whole time for which the only worker was frozen"""
ENDS = ("closed", "false_alarm", "self_released", "fault_not_trapped", "merged", "drill_ended")
CALLS = ("tier_called", "called_again", "reopened")
ORDERS = (("alarm_at", "accepted_at", "arrived_at", "released_at"), ("alarm_at", "released_at", "closed_at"))
STAGES = ("offered_at", "accepted_at", "en_route_at", "arrived_at", "released_at")
Row = dict[str, Any]


def step(owner: Connection, now: datetime) -> None:
    """After every step: nothing is due that was not attempted, nothing is left over, one open incident per lift."""
    late = owner.execute("SELECT id, due_at, due_reason FROM incident WHERE due_at <= %s", (now,)).fetchall()
    assert not late, f"past their due time without an attempt: {late}"
    left = owner.execute(
        "SELECT (SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT FROM event_handled WHERE event_row = e.id))"
        " + (SELECT count(*) FROM command c WHERE NOT EXISTS"
        " (SELECT FROM command_result WHERE command_id = c.id)) AS n"
    ).fetchone()
    assert left == {"n": 0}, "events or commands that nobody has handled"
    double = owner.execute(
        "SELECT lift_id FROM incident WHERE closed_at IS NULL AND released_at IS NULL GROUP BY 1 HAVING count(*) > 1"
    ).fetchall()
    assert not double, f"two open incidents of one lift: {double}"
    slow = owner.execute(
        "SELECT i.id, i.tier FROM incident i JOIN policy p ON p.id = i.policy_id"
        " WHERE i.closed_at IS NULL AND i.released_at IS NULL AND i.tier < 3"
        " AND i.alarm_at + make_interval(secs => (p.body #>> '{clocks,t_max_s}')::int) + %s < %s"
        " AND NOT EXISTS (SELECT FROM dispatch d JOIN organisation o ON o.id = d.organisation_id"
        " WHERE d.incident_id = i.id AND d.state IN ('arrived', 'released') AND o.kind <> 'ambulance')",
        (LATE, now),
    ).fetchall()
    assert not slow, f"beyond T_max without an arrival and without tier 3: {slow}"


def whole(owner: Connection) -> None:
    """The timeline of every incident explains its rows, tiers come one by one, and time never goes back."""
    for incident in owner.execute("SELECT * FROM incident ORDER BY id").fetchall():
        entries = owner.execute(
            "SELECT at, actor, action, reason, tier, details FROM incident_entry WHERE incident_id = %s ORDER BY id",
            (incident["id"],),
        ).fetchall()
        dispatches = owner.execute(
            "SELECT d.*, o.kind = 'ambulance' AS medical FROM dispatch d"
            " JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = %s ORDER BY d.id",
            (incident["id"],),
        ).fetchall()
        try:
            _times(incident, entries, dispatches)
            _explained(incident, _opening(entries, dispatches))
            _crews(entries, dispatches)
            _refusals(owner, incident, entries)
        except AssertionError as error:
            lines = "\n".join(f"{entry['at']:%H:%M:%S.%f} {entry['actor']} {entry['action']} {entry['tier']}"
                              f" {entry['reason']} {entry['details']}" for entry in entries)  # fmt: skip
            raise AssertionError(f"{error}\n{incident}\n{lines}\n{dispatches}") from error


def _times(incident: Row, entries: list[Row], dispatches: list[Row]) -> None:
    times = [entry["at"] for entry in entries]
    assert times == sorted(times), "time goes back in the timeline"
    assert incident["alarm_at"] <= incident["opened_at"]
    for names in ORDERS:
        passed = [incident[name] for name in names if incident[name] is not None]
        assert passed == sorted(passed), f"time goes back in the incident: {names}"
    for dispatch in dispatches:
        passed = [dispatch[name] for name in STAGES if dispatch[name] is not None]
        assert passed == sorted(passed), f"time goes back in a crew's row: {dispatch}"


def _opening(entries: list[Row], dispatches: list[Row]) -> list[Row]:
    """Without the steps of those who come for the hurt: they open no car, so the incident is where it was."""
    medical = {dispatch["id"] for dispatch in dispatches if dispatch["medical"]}
    return [
        entry
        for entry in entries
        if not (entry["action"].startswith("crew_") and entry["details"]["dispatch"] in medical)
    ]


def _explained(incident: Row, entries: list[Row]) -> None:
    actions = [entry["action"] for entry in entries]
    assert actions[0] == "opened"
    assert actions.count("opened") == 1
    tiers = [entry["tier"] for entry in entries if entry["action"] == "tier_called"]
    assert tiers == list(range(1, len(tiers) + 1)), f"a tier was skipped or repeated: {tiers}"
    assert incident["tier"] == len(tiers)
    assert incident["called_at"] == _last(entries, CALLS, "called_at", incident)
    assert (incident["emergency_at"] is not None) == ("emergency_called" in actions)
    assert actions.count("emergency_called") <= 1
    ended = [action for action in actions if action in (*ENDS, "reopened")]
    assert (incident["closed_at"] is not None) == (bool(ended) and ended[-1] != "reopened")
    assert (incident["released_at"] is not None) == ("released" in actions)
    # Whoever says that people are out was there, also the ambulance.
    assert (incident["arrived_at"] is not None) == bool({"crew_arrived", "released"} & set(actions))
    came = {"crew_accepted", "crew_en_route", "crew_arrived", "released"} & set(actions)
    assert (incident["accepted_at"] is not None) == bool(came)
    again = [entry for entry in entries if entry["action"] == "reopened" and entry["actor"] == "sensors"]
    assert incident["repeats"] == actions.count("repeated") + len(again)
    clear = [entry["action"] for entry in entries if entry["action"] in ("sensors_clear", "repeated") or entry in again]
    assert (incident["sensors_clear_at"] is not None) == (bool(clear) and clear[-1] == "sensors_clear")
    if not ended and incident["released_at"] is None:
        assert incident["state"] == _state(actions), f"{incident['state']} is not what the timeline says"


def _last(entries: list[Row], actions: tuple[str, ...], column: str, incident: Row) -> datetime | None:
    """When the tier was called last; opening again before any tier calls nobody."""
    found = [entry["at"] for entry in entries if entry["action"] in actions and entry["tier"]]
    return found[-1] if found else None


def _state(actions: list[str]) -> str:
    for action, state in (
        ("crew_arrived", "arrived"),
        ("crew_en_route", "en_route"),
        ("crew_accepted", "accepted"),
        ("tier_called", "dispatched"),
    ):
        if action in actions:
            return state
    return "received" if "confirmed" in actions else "verifying"


def _crews(entries: list[Row], dispatches: list[Row]) -> None:
    """Every crew's state has its line; who had gone and was called again may be asked anew."""
    state: dict[int, str] = {}
    anew: set[int] = set()
    for entry in entries:
        if entry["action"].startswith("crew_"):
            crew = entry["details"]["dispatch"]
            state[crew] = entry["action"].removeprefix("crew_")
            anew.discard(crew)
        elif entry["action"] == "called_again":
            anew |= {crew for crew, known in state.items() if known in ("declined", "stood_down")}
        elif entry["action"] == "reopened":
            anew |= set(state)
    asked = Counter(entry["details"]["organisation"] for entry in entries if entry["action"] == "offered")
    for dispatch in dispatches:
        known = state.get(dispatch["id"], "offered")
        unreachable = dispatch["decline_reason"] == "no contact method"
        assert (
            dispatch["state"] == known or unreachable or (dispatch["id"] in anew and dispatch["state"] == "offered")
        ), dispatch
        assert asked[dispatch["organisation_id"]] or unreachable, f"nobody wrote that it was asked: {dispatch}"


def _refusals(owner: Connection, incident: Row, entries: list[Row]) -> None:
    """Everything that people asked for has one answer, and a refusal stands on the timeline."""
    results = owner.execute(
        "SELECT c.kind, r.ok, r.reason FROM command c JOIN command_result r ON r.command_id = c.id"
        " WHERE c.incident_id = %s",
        (incident["id"],),
    ).fetchall()
    refused = Counter(f"{result['kind']}: {result['reason']}" for result in results if not result["ok"])
    written = Counter(entry["reason"] for entry in entries if entry["action"] == "refused")
    assert refused == written, "what was refused and what the timeline says of it"


def letters(owner: Connection, accepted: Counter[str]) -> None:
    """Every attempt has an outcome, every letter an end, and what counts as sent was accepted."""
    open_attempts = owner.execute("SELECT id FROM outbox_attempt WHERE outcome IS NULL").fetchall()
    assert not open_attempts, f"attempts without an outcome: {open_attempts}"
    rows = owner.execute("SELECT dedupe, state, attempts FROM outbox").fetchall()
    assert {row["state"] for row in rows} <= {"sent", "spared", "failed"}, "a letter without an end"
    never = [row for row in rows if row["state"] == "sent" and not accepted[row["dedupe"]]]
    assert not never, f"called sent, and no gateway has it: {never}"


def history(owner: Connection) -> dict[str, list[tuple[object, ...]]]:
    """The timelines by lift, without what two runs of one story may differ in."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for row in owner.execute(
        "SELECT l.code, e.at, e.actor, e.action, e.reason, e.tier FROM incident_entry e"
        " JOIN incident i ON i.id = e.incident_id JOIN lift l ON l.id = i.lift_id ORDER BY e.id"
    ).fetchall():
        found.setdefault(row["code"], []).append(tuple(row.values())[1:])
    return found
