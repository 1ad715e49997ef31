"""The world of proofs and simulations does what the real desk does: the same people, the same timeline."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.case import Order
from alerting.escalation import Clock
from alerting.lift_policy import LiftPolicy
from alerting.model import CallAgain, CallEmergency, CallTier, Refused
from alerting.policy import load
from alerting.simulate import behaviour, play
from alerting.simulate.behaviour import Behaviour
from alerting.simulate.play import Player, _Play
from alerting.simulate.scenes import Scene
from alerting.simulate.world import World
from contracts.kinds import Hazard
from tests.integration.alerting.town import T0, City

ROOT = Path(__file__).resolve().parents[3]
LIFT = "442001"
LONGEST = timedelta(hours=2)
WATCHED = {CallTier: "tier_called", CallAgain: "called_again", CallEmergency: "emergency_called"}
ACTIONS = (*WATCHED.values(), "crew_accepted", "crew_en_route", "crew_arrived", "crew_released", "crew_declined")
WILD: dict[str, dict[str, Any]] = {
    "answer": {"never": 0.35, "declines": 0.25, "sigma": 1.2},
    "arrival": {"never": 0.3, "sigma": 0.9},
    "release": {"never": 0.3},
    "reach": {"all": 1, "emergency": 1},
}
Line = tuple[int, str]
"""milliseconds after the alarm, and what was done"""


def wild() -> Behaviour:
    body = msgspec.to_builtins(behaviour.load(None))
    return msgspec.convert({**body, **{name: {**body[name], **part} for name, part in WILD.items()}}, Behaviour)


class Told:
    """Everything that was done to a simulated incident, and by whom."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orders: list[tuple[timedelta, int, Order]] = []
        self.lines: list[Line] = []
        self.began = T0
        run_out, obey = World.run_out, World.obey

        def told_run_out(world: World, clock: Clock, now: datetime) -> None:
            if type(clock.action) in WATCHED:
                self.note(now, WATCHED[type(clock.action)])
            run_out(world, clock, now)

        def told_obey(world: World, crew: int, order: Order, now: datetime) -> Refused | None:
            self.orders.append((now - self.began, crew, order))
            before = world.dispatches[crew - 1].state
            refused = obey(world, crew, order, now)
            after = world.dispatches[crew - 1].state
            if refused is None and before is not after:
                self.note(now, f"crew_{after}")
            return refused

        monkeypatch.setattr(World, "run_out", told_run_out)
        monkeypatch.setattr(World, "obey", told_obey)
        monkeypatch.setattr(play, "LONGEST", LONGEST)

    def note(self, now: datetime, words: str) -> None:
        self.lines.append((round((now - self.began).total_seconds() * 1000), words))


def real(town: City, told: Told, scene: Scene) -> list[Line]:
    """The same people at the real desk; clocks run out in their own second."""
    hazards = [str(hazard) for hazard in scene.hazards]
    town.event(f"lift-{LIFT}", "trapped_non_level", people=scene.people or 1, hazards=hazards)
    orders = [*told.orders]
    while True:
        incident = town.incident(LIFT)
        due = incident["due_at"] if incident["released_at"] is None else None
        following = T0 + orders[0][0] if orders else None
        if following is not None and (due is None or following <= due):
            town.now = max(town.now, following)
            obey(town, *orders.pop(0)[1:])
        elif due is not None and due <= T0 + LONGEST:
            town.now = max(town.now, due)
            town.engine.cycle(town.now)
        else:
            break
    rows = town.all("SELECT at, action FROM incident_entry WHERE action = ANY(%s) ORDER BY id", [*ACTIONS])
    return [(round((row["at"] - T0).total_seconds() * 1000), row["action"]) for row in rows]


def obey(town: City, crew: int, order: Order) -> None:
    dispatch = town.all("SELECT id, incident_id FROM dispatch ORDER BY id")[crew - 1]
    args = {**order.args, **({"code": LIFT} if "code" in order.args else {})}
    town.command(order.kind, order.reason, incident_id=dispatch["incident_id"], dispatch_id=dispatch["id"], args=args)


@pytest.mark.parametrize("number", range(12))
def test_the_real_desk_does_the_same(town: City, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    policy = load(ROOT / "alerting/policies/lift.toml")
    assert isinstance(policy, LiftPolicy)
    told = Told(monkeypatch)
    scene = Scene(minute=720, people=2, hazards=(Hazard.INJURY,) if number % 4 == 3 else ())
    played = _Play(Player(policy, wild(), 20), number, scene)
    told.began = played.alarm_at
    played.go()
    assert len(told.lines) > 2
    assert real(town, told, scene) == told.lines
    assert town.incident(LIFT)["tier"] == played.world.incident.tier
    shown = [(row["tier"], row["state"]) for row in town.all("SELECT tier, state FROM dispatch ORDER BY id")]
    assert shown == [(one.tier, one.state) for one in played.world.dispatches]
