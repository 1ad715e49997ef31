"""The clocks of a rescue by tables, and by random people."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import desk, escalation
from alerting.case import Case, Order
from alerting.lift_policy import LiftPolicy, Plan
from alerting.model import (
    CallAgain,
    CallEmergency,
    CallTier,
    Comfort,
    Dispatch,
    Incident,
    Refused,
    Remind,
    SetDispatch,
    SetIncident,
    StandDown,
)
from alerting.policy import load
from contracts.kinds import CommandKind, DispatchState, Hazard, IncidentState

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POLICIES = Path(__file__).resolve().parents[3] / "alerting" / "policies"
LOADED = load(POLICIES / "lift.toml")
assert isinstance(LOADED, LiftPolicy)
POLICY: LiftPolicy = LOADED


def plan(case: Incident) -> Plan:
    return escalation.plan_of(case, POLICY)


WHERE = (22.52, 113.38)


def incident(**changes: object) -> Incident:
    made = Incident(
        id=1,
        number="R1",
        lift_id=1,
        state=IncidentState.DISPATCHED,
        tier=1,
        version=0,
        alarm_at=T0,
        opened_at=T0,
        called_at=T0,
        # The words for the car have a clock of their own, which would be the next one everywhere.
        comfort_at=T0 + timedelta(days=1),
    )
    return msgspec.structs.replace(made, **changes)


def dispatch(state: DispatchState, tier: int = 1, **changes: object) -> Dispatch:
    made = Dispatch(
        id=tier,
        tier=tier,
        organisation_id=tier,
        state=state,
        offered_at=T0,
        accept_due=T0 + timedelta(seconds=POLICY.tier[tier - 1].accept_s),
    )
    return msgspec.structs.replace(made, **changes)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


ACCEPTED = dispatch(DispatchState.ACCEPTED, accepted_at=at(60), arrive_due=at(1860))
ARRIVED = dispatch(DispatchState.ARRIVED, accepted_at=at(60), arrived_at=at(600))


@pytest.mark.parametrize(
    ("case", "crews", "due", "action"),
    [
        (incident(tier=0, state=IncidentState.RECEIVED), [], 0, CallTier(1, "alarm received")),
        (incident(), [dispatch(DispatchState.OFFERED)], 180, CallTier(2, "tier 1 has not accepted within 180 s")),
        (incident(), [dispatch(DispatchState.DECLINED)], 0, CallTier(2, "tier 1: nobody can come")),
        (incident(), [], 0, CallTier(2, "tier 1: nobody can come")),
        (incident(), [ACCEPTED], 1860, CallTier(2, "tier 1 accepted but has not arrived within 1800 s")),
        (
            incident(),
            [msgspec.structs.replace(ACCEPTED, eta_at=at(3600))],
            960,
            CallTier(2, "tier 1 expects to arrive too late"),
        ),
        (incident(), [ARRIVED], 2400, CallTier(2, "arrived, but nobody is out within 1800 s")),
        (incident(tier=3), [dispatch(DispatchState.OFFERED, 3)], 60, CallAgain("tier 3 has not accepted within 60 s")),
        (
            incident(tier=3),
            [msgspec.structs.replace(ARRIVED, tier=3)],
            2400,
            CallAgain("arrived, but nobody is out within 1800 s"),
        ),
        (
            incident(state=IncidentState.VERIFYING, tier=0),
            [],
            60,
            CallTier(1, "nobody has looked within 60 s: counts as an entrapment"),
        ),
        (incident(hazards=(Hazard.INJURY,)), [ACCEPTED], 0, CallTier(2, "at once: hazard")),
        (incident(hazards=(Hazard.FIRE,), tier=3), [ACCEPTED], 0, CallEmergency("at once: fire")),
        (incident(mass_id=7), [ACCEPTED], 0, CallTier(2, "at once: mass")),
        (
            incident(mass_id=7, tier=2),
            [ACCEPTED, dispatch(DispatchState.OFFERED, 2)],
            1860,
            CallTier(3, "tier 1 accepted but has not arrived within 1800 s"),
        ),
        (
            incident(tier=2),
            [ACCEPTED, dispatch(DispatchState.OFFERED, 2)],
            120,
            CallTier(3, "tier 2 has not accepted within 120 s"),
        ),
        (
            incident(tier=3),
            [ACCEPTED, dispatch(DispatchState.OFFERED, 3)],
            1860,
            CallAgain("tier 1 accepted but has not arrived within 1800 s"),
        ),
        (
            incident(tier=3),
            [dispatch(DispatchState.OFFERED), dispatch(DispatchState.OFFERED, 3)],
            60,
            CallAgain("tier 3 has not accepted within 60 s"),
        ),
        (
            incident(tier=3, comfort_at=at(100)),
            [msgspec.structs.replace(ARRIVED, tier=3)],
            400,
            Comfort("every 300 s"),
        ),
        (
            incident(released_at=at(900)),
            [ARRIVED],
            900 + 86_400,
            Remind("follow_up_reminder", "follow_reminded_at", "nobody has called back yet"),
        ),
        (
            incident(released_at=at(900), followed_up_at=at(1000)),
            [ARRIVED],
            900 + 172_800,
            Remind("record_reminder", "reminded_at", "cause and rescue method are not recorded"),
        ),
        (
            incident(released_at=at(900), state=IncidentState.CLOSED),
            [ARRIVED],
            900 + 86_400,
            Remind("follow_up_reminder", "follow_reminded_at", "nobody has called back yet"),
        ),
    ],
)
def test_which_clock_runs(case: Incident, crews: list[Dispatch], due: float, action: object) -> None:
    clock = escalation.next_due(case, crews, plan(case))
    assert clock is not None
    assert (clock.at, clock.action) == (at(due), action)
    assert escalation.due(case, crews, plan(case), at(due - 1)) is None
    assert escalation.due(case, crews, plan(case), at(due)) == clock


@pytest.mark.parametrize("state", [IncidentState.CLOSED, IncidentState.FALSE_ALARM, IncidentState.MERGED])
def test_an_ended_incident_has_no_clock(state: IncidentState) -> None:
    assert escalation.clocks(incident(state=state), [ACCEPTED], plan(incident())) == []


def test_far_away_places_have_longer() -> None:
    crew = dispatch(DispatchState.ACCEPTED, accepted_at=T0, arrive_due=at(3600))
    far = incident(remote=True)
    clock = escalation.next_due(far, [crew], plan(far))
    assert clock is not None
    assert clock.at == at(3600)
    # T_max holds there, too, and is later.
    silent = escalation.clocks(far, [crew], plan(far))
    assert at(plan(far).clocks.t_max_s) in [clock.at for clock in silent]


def test_after_an_hour_everybody_is_called_whoever_has_arrived() -> None:
    crew = msgspec.structs.replace(ARRIVED, tier=3, arrived_at=at(3500))
    case = incident(tier=3, called_at=at(3500))
    clock = escalation.next_due(case, [crew], plan(case))
    assert clock is not None
    assert (clock.at, clock.action) == (at(3600), CallEmergency("trapped for more than 3600 s"))
    called = msgspec.structs.replace(case, emergency_at=at(3600))
    assert clock not in escalation.clocks(called, [crew], plan(called)), "once"


class World:
    """Applies decisions as the shell does, without a database."""

    def __init__(self) -> None:
        self.now = T0
        self.incident = incident(tier=0, state=IncidentState.RECEIVED, called_at=None, comfort_at=None)
        self.crews: list[Dispatch] = []
        self.tiers: list[tuple[datetime, int]] = []
        self.run_clocks()

    def apply(self, action: object) -> None:
        if isinstance(action, CallTier):
            self.tiers.append((self.now, action.tier))
            self.incident = msgspec.structs.replace(
                self.incident,
                tier=max(self.incident.tier, action.tier),
                called_at=self.now,
                state=IncidentState.DISPATCHED
                if self.incident.state is IncidentState.RECEIVED
                else self.incident.state,
            )
            due = self.now + timedelta(seconds=POLICY.tier[action.tier - 1].accept_s)
            self.crews.append(dispatch(DispatchState.OFFERED, action.tier, offered_at=self.now, accept_due=due))
        elif isinstance(action, CallAgain):
            self.incident = msgspec.structs.replace(self.incident, called_at=self.now)
        elif isinstance(action, SetDispatch):
            kept = {name: value for name, value in action.changes.items() if name in Dispatch.__struct_fields__}
            self.crews = [
                msgspec.structs.replace(crew, state=action.state, **kept) if crew.id == action.dispatch_id else crew
                for crew in self.crews
            ]
        elif isinstance(action, SetIncident):
            kept = {name: value for name, value in action.changes.items() if name in Incident.__struct_fields__}
            self.incident = msgspec.structs.replace(self.incident, state=action.state or self.incident.state, **kept)
        elif isinstance(action, Comfort):
            self.incident = msgspec.structs.replace(self.incident, comfort_at=self.now)
        elif isinstance(action, CallEmergency):
            self.incident = msgspec.structs.replace(self.incident, emergency_at=self.now)
        else:
            assert isinstance(action, StandDown)

    def run_clocks(self) -> None:
        for _ in range(16):
            clock = escalation.due(self.incident, self.crews, plan(self.incident), self.now)
            if clock is None:
                return
            self.apply(clock.action)

    def command(self, kind: CommandKind, tier: int, **args: object) -> None:
        crew = next((crew for crew in self.crews if crew.tier == tier), None)
        if crew is None:
            return
        case = Case(
            incident=self.incident,
            dispatches=self.crews,
            plan=plan(self.incident),
            lift_code="442001",
            where=WHERE,
        )
        order = Order(kind=kind, reason="why", args=args, dispatch_id=crew.id)
        judged = desk.judge(case, order, self.now)
        if not isinstance(judged, Refused):
            for action in judged:
                self.apply(action)
            self.run_clocks()

    def wait(self, seconds: int) -> None:
        """Time passes; clocks are looked at whenever one runs out, as the 1 s poll does."""
        until = self.now + timedelta(seconds=seconds)
        while True:
            clock = escalation.next_due(self.incident, self.crews, plan(self.incident))
            if clock is None or clock.at > until:
                break
            self.now = max(self.now, clock.at)
            before = (self.incident, list(self.crews))
            self.run_clocks()
            assert (self.incident, self.crews) != before, "a clock that ran out did nothing"
        self.now = until


STEPS = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.sampled_from([CommandKind.ACCEPT, CommandKind.DECLINE, CommandKind.EN_ROUTE, CommandKind.ARRIVED]),
        st.integers(1, 3),
        st.integers(1, 120),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_whatever_people_do_tier_3_is_called_by_t_max_unless_somebody_arrived(
    steps: list[tuple[int, CommandKind, int, int]],
) -> None:
    world = World()
    seen_tier = 0
    for seconds, kind, tier, minutes in steps:
        world.wait(seconds)
        world.command(kind, tier, eta_minutes=str(minutes), proof="qr", code="442001")
        assert world.incident.tier >= seen_tier, "the tier never goes down"
        seen_tier = world.incident.tier
    world.wait(POLICY.clocks.t_max_s)
    arrivals = [crew.arrived_at for crew in world.crews if crew.arrived_at]
    t_max = T0 + timedelta(seconds=POLICY.clocks.t_max_s)
    third = [when for when, tier in world.tiers if tier == 3]
    assert (third and third[0] <= t_max) or (arrivals and min(arrivals) <= t_max)
    called = [tier for _, tier in world.tiers]
    assert called == sorted(set(called)), "no tier is repeated"


def test_nobody_answers_the_cascade_ends_within_five_minutes() -> None:
    world = World()
    world.wait(300)
    assert world.tiers == [(T0, 1), (at(180), 2), (at(300), 3)]
