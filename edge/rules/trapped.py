"""Somebody is trapped: the default rule (docs of the field call it "entrapment"), with presence sensors that blink.

Starts: non-level (still, out of the door zone, closed, person) or level (still, in the zone, closed, person, and the
door fails to open or the person moves about). Ends only by a door that opens in the zone, or by real running; never
because nobody is seen any more.
"""

from datetime import datetime

import msgspec

from contracts.kinds import CarStatus, Phase, Rule
from contracts.messages import LiftSample
from edge.config import TrappedRules
from edge.rules import Decision
from edge.rules.look import MAINTAINED
from edge.rules.presence import Presence, fuse

DOOR_OPEN_FAILED = "03"


class TrappedState(msgspec.Struct, frozen=True):
    """What the rule remembers of one lift; every time is when the condition began to hold."""

    held_since: datetime | None = None
    """still with closed doors, on the same side of the zone's edge"""
    in_zone: bool | None = None
    person_since: datetime | None = None
    """somebody is inside, or may be"""
    person_seen: datetime | None = None
    person_sure: datetime | None = None
    """when somebody was last seen, and not only not ruled out"""
    was_present: bool = False
    edges: int = 0
    running_since: datetime | None = None
    open_rule: Rule | None = None
    opened_at: datetime | None = None
    cleared_at: datetime | None = None


def step(
    state: TrappedState,
    sample: LiftSample,
    now: datetime,
    rules: TrappedRules,
    presence: Presence | None = None,
    shielded: tuple[str, ...] = (),
    fresh: bool = True,
) -> tuple[TrappedState, list[Decision]]:
    """One look at a lift. `presence` is what sensor, load and camera say together; without it the first two do.

    A reading that is not `fresh` is the last one, still held to be true: it lets clocks run, but it clears nobody.
    """
    seen = fuse(sample.passenger, sample.load, None) if presence is None else presence
    state = _follow(state, sample, seen, now, rules)
    if state.open_rule is not None:
        return (state, []) if not fresh else _maybe_end(state, sample, now, rules)
    decision = _maybe_start(state, sample, seen, now, rules, shielded)
    if decision is None:
        return state, []
    return msgspec.structs.replace(state, open_rule=decision.rule, opened_at=decision.at), [decision]


def _follow(
    state: TrappedState, sample: LiftSample, seen: Presence, now: datetime, rules: TrappedRules
) -> TrappedState:
    """Brings the memory up to date. In the hands of whoever maintains or fights a fire no clock runs."""
    served = sample.mode not in MAINTAINED
    running = served and sample.car is CarStatus.RUNNING
    still = sample.car is CarStatus.STOPPED and sample.door_closed is True
    held = served and still and sample.door_zone is not None
    goes_on = held and state.held_since is not None and state.in_zone == sample.door_zone
    present = seen.inside is not False
    # Edges are the sensor's own: a camera that sees somebody all the time must not hide that they move about.
    sensed = sample.passenger is True
    recent = state.person_seen is not None and (now - state.person_seen).total_seconds() <= rules.presence_hold_s
    return msgspec.structs.replace(
        state,
        held_since=(state.held_since if goes_on else now) if held else None,
        in_zone=sample.door_zone if held else None,
        person_since=(state.person_since if recent and state.person_since else now)
        if present
        else (state.person_since if recent else None),
        person_seen=now if present else state.person_seen,
        person_sure=now if seen.inside else state.person_sure,
        was_present=sensed,
        edges=(state.edges if goes_on else 0) + (1 if goes_on and sensed and not state.was_present else 0),
        running_since=(state.running_since or now) if running else None,
    )


def _maybe_start(
    state: TrappedState,
    sample: LiftSample,
    seen: Presence,
    now: datetime,
    rules: TrappedRules,
    shielded: tuple[str, ...],
) -> Decision | None:
    if state.held_since is None:
        return None
    if state.cleared_at is not None and (now - state.cleared_at).total_seconds() < rules.clear_guard_s:
        return None
    held = (now - state.held_since).total_seconds()
    # Somebody counts from when the car stood still: who rode in it before was not trapped yet.
    since = max(state.person_since, state.held_since) if state.person_since else None
    if since is None:
        return None
    person = (now - since).total_seconds()
    sure = state.person_sure is not None and (now - state.person_sure).total_seconds() <= rules.presence_hold_s
    if not seen.inside:
        # The sensor blinks just now: who was seen a moment ago is no less sure for it.
        seen = msgspec.structs.replace(seen, inside=True, confidence=1.0) if sure else Presence(people=seen.people)
    if state.in_zone is False:
        if held >= rules.still_out_of_zone_s and person >= rules.person_out_of_zone_s:
            return _start(Rule.TRAPPED_NON_LEVEL, state.held_since, sample, seen, "between landings", shielded)
        return None
    door_failed = DOOR_OPEN_FAILED in sample.codes
    moved = state.edges >= rules.presence_edges and sure
    if person >= rules.person_level_s and (door_failed or moved):
        why = "door does not open" if door_failed else "somebody moves about"
        return _start(Rule.TRAPPED_LEVEL, state.held_since, sample, seen, f"at a landing, {why}", shielded)
    return None


def _start(
    rule: Rule, at: datetime, sample: LiftSample, seen: Presence, why: str, shielded: tuple[str, ...]
) -> Decision:
    note = f"; not believed: {', '.join(shielded)}" if shielded else ""
    return Decision(
        rule=rule,
        phase=Phase.START,
        at=at,
        reason=f"still, doors closed, {'person inside' if seen.inside else 'person unknown'}, {why}{note}",
        confidence=seen.confidence,
        details={
            "floor": sample.floor,
            "position": sample.position,
            "door_zone": sample.door_zone,
            "passenger": sample.passenger,
            "people": seen.people,
            "load": sample.load,
            "presence": seen.source,
            "shielded": ", ".join(shielded) or None,
        },
    )


def _maybe_end(
    state: TrappedState, sample: LiftSample, now: datetime, rules: TrappedRules
) -> tuple[TrappedState, list[Decision]]:
    opened = sample.door_closed is False and sample.door_zone is True
    ran = state.running_since is not None and (now - state.running_since).total_seconds() > rules.running_clears_s
    if not (opened or ran) or state.open_rule is None or state.opened_at is None:
        return state, []
    end = Decision(
        rule=state.open_rule,
        phase=Phase.END,
        at=state.opened_at,
        reason="door opened in the door zone" if opened else "the car runs again",
        details={"floor": sample.floor},
    )
    return msgspec.structs.replace(state, open_rule=None, opened_at=None, cleared_at=now), [end]
