"""The clocks of a rescue by tables, and by random people."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import desk, escalation
from alerting.model import CallAgain, CallTier, Dispatch, Incident, Refused, SetDispatch, SetIncident, StandDown
from alerting.policy import LiftPolicy, load
from contracts.kinds import CommandKind, DispatchState, IncidentState

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POLICIES = Path(__file__).resolve().parents[3] / "alerting" / "policies"
LOADED = load(POLICIES / "lift.toml")
assert isinstance(LOADED, LiftPolicy)
POLICY: LiftPolicy = LOADED
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
    )
    return msgspec.structs.replace(made, **changes)


def dispatch(state: DispatchState, tier: int = 1, **changes: object) -> Dispatch:
    made = Dispatch(
        id=tier,
        tier=tier,
        organisation_id=tier,
        state=state,
        offered_at=T0,
        accept_due=T0 + timedelta(seconds=POLICY.accept_s(tier)),
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
        (incident(), [ARRIVED], 2400, CallTier(3, "arrived, but nobody is out within 1800 s")),
        (incident(tier=3), [dispatch(DispatchState.OFFERED, 3)], 60, CallAgain("tier 3 has not accepted within 60 s")),
        (
            incident(released_at=at(900)),
            [ARRIVED],
            900 + 172_800,
            SetIncident(None, {}, "reminder", "cause and rescue method are not recorded"),
        ),
    ],
)
def test_which_clock_runs(case: Incident, crews: list[Dispatch], due: float, action: object) -> None:
    clock = escalation.next_due(case, crews, POLICY)
    assert clock is not None
    assert (clock.at, clock.action) == (at(due), action)
    assert escalation.due(case, crews, POLICY, at(due - 1)) is None
    assert escalation.due(case, crews, POLICY, at(due)) == clock


@pytest.mark.parametrize("state", [IncidentState.CLOSED, IncidentState.FALSE_ALARM, IncidentState.MERGED])
def test_an_ended_incident_has_no_clock(state: IncidentState) -> None:
    assert escalation.clocks(incident(state=state), [ACCEPTED], POLICY) == []


def test_far_away_places_have_longer() -> None:
    crew = dispatch(DispatchState.ACCEPTED, accepted_at=T0, arrive_due=at(3600))
    # T_max still holds: a far place must not wait longer for the last tier than the city allows.
    clock = escalation.next_due(incident(remote=True), [crew], POLICY)
    assert clock is not None
    assert clock.at == at(POLICY.t_max_s)


class World:
    """Applies decisions as the shell does, without a database."""

    def __init__(self) -> None:
        self.now = T0
        self.incident = incident(tier=0, state=IncidentState.RECEIVED, called_at=None)
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
            due = self.now + timedelta(seconds=POLICY.accept_s(action.tier))
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
        else:
            assert isinstance(action, StandDown)

    def run_clocks(self) -> None:
        for _ in range(6):
            clock = escalation.due(self.incident, self.crews, POLICY, self.now)
            if clock is None:
                return
            self.apply(clock.action)

    def command(self, kind: CommandKind, tier: int, **args: object) -> None:
        crew = next((crew for crew in self.crews if crew.tier == tier), None)
        if crew is None:
            return
        case = desk.Case(incident=self.incident, dispatches=self.crews, policy=POLICY, lift_code="442001", where=WHERE)
        order = desk.Order(kind=kind, reason="why", args=args, dispatch_id=crew.id)
        judged = desk.judge(case, order, self.now)
        if not isinstance(judged, Refused):
            for action in judged:
                self.apply(action)
            self.run_clocks()

    def wait(self, seconds: int) -> None:
        """Time passes; clocks are looked at whenever one runs out, as the 1 s poll does."""
        until = self.now + timedelta(seconds=seconds)
        while True:
            clock = escalation.next_due(self.incident, self.crews, POLICY)
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
    world.wait(POLICY.t_max_s)
    arrivals = [crew.arrived_at for crew in world.crews if crew.arrived_at]
    t_max = T0 + timedelta(seconds=POLICY.t_max_s)
    third = [when for when, tier in world.tiers if tier == 3]
    assert (third and third[0] <= t_max) or (arrivals and min(arrivals) <= t_max)
    called = [tier for _, tier in world.tiers]
    assert called == sorted(set(called)), "no tier is repeated"


def test_nobody_answers_the_cascade_ends_within_five_minutes() -> None:
    world = World()
    world.wait(300)
    assert world.tiers == [(T0, 1), (at(180), 2), (at(300), 3)]
