"""PURE: one incident from its alarm until everybody is out: production decisions, and people drawn at random."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from alerting.case import Order
from alerting.lift_policy import LAST_TIER, LiftPolicy
from alerting.model import Incident
from alerting.simulate.behaviour import Behaviour
from alerting.simulate.crews import deeds
from alerting.simulate.scenes import Scene, stream
from alerting.simulate.world import EMERGENCY, World
from contracts.kinds import CommandKind, IncidentState

LONGEST = timedelta(hours=24)
"""whoever nobody has freed by then is counted as such"""
CONFIRM = Order(kind=CommandKind.CONFIRM, reason="somebody is inside")
NONE = float("nan")


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one incident. Seconds from the alarm; NaN where it never was."""

    accepted_s: float
    arrived_s: float
    released_s: float
    tier: int
    """the highest that was called"""
    came: int
    """the tier that arrived first; 0: none"""
    pages: int
    people: int
    tier3_s: float
    fired: tuple[str, ...]


class Player:
    """Plays incidents under one policy."""

    def __init__(self, policy: LiftPolicy, behaviour: Behaviour, seed: int) -> None:
        self.policy, self.behaviour, self.seed = policy, behaviour, seed

    def play(self, number: int, scene: Scene) -> Outcome:
        """Plays the incident of that number."""
        return _Play(self, number, scene).go()


@cache
def _midnight(zone: str) -> datetime:
    """Of a day on which no clock is put forward or back."""
    return datetime(2026, 1, 14, tzinfo=ZoneInfo(zone)).astimezone(UTC)


class _Play:
    def __init__(self, player: Player, number: int, scene: Scene) -> None:
        self.player, self.number, self.scene = player, number, scene
        self.alarm_at = _midnight(player.policy.timezone) + timedelta(minutes=scene.minute)
        self.world = World(self._incident(), player.policy, self._reach)
        self.waiting: list[tuple[datetime, int, int, Order | None]] = []
        """what people will do: when, in which order, which crew (0: the operator), what"""
        self.asked: dict[int, int] = {}
        self.count = 0
        self.tier3_at: datetime | None = None
        if scene.looked_at_s is not None:
            self._later(self._at(scene.looked_at_s), 0, CONFIRM)
        if scene.mass_after_s is not None:
            self._later(self._at(scene.mass_after_s), 0, None)

    def _incident(self) -> Incident:
        scene = self.scene
        return Incident(
            id=1,
            number="R1",
            lift_id=1,
            state=IncidentState.RECEIVED if scene.looked_at_s is None else IncidentState.VERIFYING,
            tier=0,
            version=0,
            alarm_at=self.alarm_at,
            opened_at=self.alarm_at,
            people_inside=scene.people,
            hazards=scene.hazards,
            place_kind=scene.place_kind,
            remote=scene.remote,
            campaign=" ".join(scene.campaigns),
        )

    def _at(self, seconds: float) -> datetime:
        return self.alarm_at + timedelta(seconds=seconds)

    def _later(self, at: datetime, crew: int, order: Order | None) -> None:
        self.count += 1
        heapq.heappush(self.waiting, (at, self.count, crew, order))

    def _reach(self, tier: int, wanted: int) -> int:
        given = self.player.behaviour.reach
        if tier == EMERGENCY:
            return given.emergency
        chance = given.nobody[tier - 1]
        if chance and stream(self.player.seed, self.number, 32 + tier).random() < chance:
            return 0
        return wanted or given.all

    def go(self) -> Outcome:
        world, end = self.world, self.alarm_at + LONGEST
        now = self.alarm_at
        while world.incident.released_at is None:
            clock = world.following()
            deed = self.waiting[0] if self.waiting else None
            if deed is not None and (clock is None or deed[0] <= clock.at):
                now = max(now, deed[0])
                heapq.heappop(self.waiting)
                self._do(deed[2], deed[3], now)
            elif clock is not None:
                now = max(now, clock.at)
                if now > end:
                    break
                world.run_out(clock, now)
            else:
                break
            if self.tier3_at is None and world.incident.tier >= LAST_TIER:
                self.tier3_at = now
            if world.offers:
                self._ask(now)
        return self._outcome()

    def _do(self, crew: int, order: Order | None, now: datetime) -> None:
        if order is None:
            self.world.change(None, {"mass_id": 1})
        elif crew == 0:
            self.world.operate(order, now)
        else:
            self.world.obey(crew, order, now)

    def _ask(self, now: datetime) -> None:
        """Crews that were asked just now begin to behave. A crew does the same under every policy."""
        for offer in self.world.offers:
            again = self.asked.get(offer.id, 0)
            self.asked[offer.id] = again + 1
            place = sum(one.tier == offer.tier and one.id < offer.id for one in self.world.dispatches)
            part = 1 + ((offer.tier - 1) * 4 + min(place, 3)) % 12
            random = stream(self.player.seed, self.number, part, again)
            mass = self.scene.mass_after_s is not None
            for at, order in deeds(random, self.player.behaviour, now, mass=mass, again=again > 0):
                self._later(at, offer.id, order)
        self.world.offers.clear()

    def _outcome(self) -> Outcome:
        world, incident = self.world, self.world.incident
        there = [one for one in world.dispatches if one.arrived_at is not None]
        first = min(there, key=lambda one: (one.arrived_at or self.alarm_at, one.tier), default=None)
        return Outcome(
            accepted_s=self._since(incident.accepted_at),
            arrived_s=self._since(incident.arrived_at),
            released_s=self._since(incident.released_at),
            tier=incident.tier,
            came=first.tier if first else 0,
            pages=world.pages,
            people=incident.people_inside or 1,
            tier3_s=self._since(self.tier3_at),
            fired=tuple(world.fired),
        )

    def _since(self, at: datetime | None) -> float:
        return NONE if at is None else (at - self.alarm_at).total_seconds()
