"""PURE: every path of an incident under one plan, with crews at their worst, until the last tier was called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from msgspec import Struct

from alerting import escalation
from alerting.lift_policy import LAST_TIER, LiftPolicy
from alerting.model import ENDED, THERE, CallTier, Comfort, Incident
from alerting.prove.humans import ALONE, FEW, SILENT, TOGETHER, Human, Move, moves
from alerting.simulate.world import Decide, World
from contracts.kinds import CommandKind

TAIL = 6
"""so many clocks are watched after the last tier was called"""
LONG_TAIL = 100
"""and so many where nobody else was there, until whoever is trapped for long gets more"""
MOST_STEPS = 400
MOST_HANDED = 8
"""so often an incident is handed on, always at the last moment; then the last one is not heard of again"""
NOBODY: tuple[Human, ...] = ()
FOREVER = timedelta(days=3650)


class Change(NamedTuple):
    """Facts that become known under way."""

    after_s: int
    facts: dict[str, Any]
    words: str


class Path(Struct, kw_only=True):
    """One path that was walked to its end."""

    began: datetime
    said: list[str]
    before: set[str] = set()
    """keys of the clocks that ran out up to the call of the last tier"""
    after: set[str] = set()
    tier3_at: datetime | None = None
    tier3_key: str = ""
    told: int = 0
    """so many words were said up to that call"""
    someone_came: bool = False
    asked: int = 0
    """tiers in which somebody could be reached"""
    broken: str = ""
    """which promise was not kept"""

    @property
    def seconds(self) -> float | None:
        """From the alarm to the call of the last tier."""
        return None if self.tier3_at is None else (self.tier3_at - self.began).total_seconds()

    @property
    def words(self) -> str:
        """Up to the call of the last tier, or to where a promise broke."""
        return "; ".join(self.said if self.broken else self.said[: self.told or None])


class Walk:
    """Walks all paths of one incident."""

    def __init__(self, policy: LiftPolicy, began: Incident, decide: Decide = escalation.clocks) -> None:
        self.policy, self.began, self.decide = policy, began, decide

    def paths(
        self, people: Sequence[Human] = ALONE, *, pairs: bool = True, change: Change | None = None
    ) -> Iterator[Path]:
        """Every path; `people`: what a crew alone may do; `pairs`: two crews of a tier, too."""
        world = World(self.began, self.policy, _nobody, self.decide)
        path = Path(began=self.began.alarm_at, said=["0:00 alarm"])
        yield from _State(self, world, path, people, pairs, change).go()


def _nobody(tier: int, wanted: int) -> int:
    return 0


def _reached(size: int, tier: int, wanted: int) -> int:
    return size if tier <= LAST_TIER else 0


class _State:
    """Where a path stands."""

    def __init__(
        self, walk: Walk, world: World, path: Path, people: Sequence[Human], pairs: bool, change: Change | None
    ) -> None:
        self.walk, self.world, self.path, self.people, self.pairs, self.change = (
            walk,
            world,
            path,
            people,
            pairs,
            change,
        )
        self.waiting: list[Move] = []
        self.played: dict[int, Human] = {}
        self.now = walk.began.opened_at
        self.bound_from = walk.began.alarm_at
        self.alone = False
        self.tail = self.comforted = self.steps = self.handed = 0

    def copy(self) -> _State:
        path = self.path
        kept = Path(began=path.began, said=[*path.said], before={*path.before}, after={*path.after})
        kept.tier3_at, kept.tier3_key, kept.asked = path.tier3_at, path.tier3_key, path.asked
        kept.someone_came, kept.told = path.someone_came, path.told
        made = _State(self.walk, self.world.copy(), kept, self.people, self.pairs, self.change)
        made.waiting, made.played, made.now, made.bound_from = (
            [*self.waiting],
            {**self.played},
            self.now,
            self.bound_from,
        )
        made.tail, made.comforted, made.steps, made.handed = self.tail, self.comforted, self.steps, self.handed
        return made

    def go(self) -> Iterator[Path]:
        while not self.over():
            self.steps += 1
            clock = self.world.following()
            move = min(self.waiting, default=None, key=lambda one: one.at)
            times = [one.at for one in (clock, move) if one is not None]
            if self.change is not None:
                times.append(self.walk.began.alarm_at + timedelta(seconds=self.change.after_s))
            if not times:
                self.stopped()
                break
            now = max(self.now, min(times))
            if self.late(now):
                break
            self.now = now
            if self.change is not None and times[-1] <= now:
                self.learn(self.change)
            elif move is not None and move.at <= now:
                self.waiting.remove(move)
                self.act(move)
            elif clock is not None and isinstance(clock.action, CallTier):
                yield from self.call(clock)
                return
            elif clock is not None:
                self.run_out(clock)
        yield self.path

    def over(self) -> bool:
        incident = self.world.incident
        if self.steps > MOST_STEPS and not self.path.broken:
            self.path.broken = f"after {MOST_STEPS} steps the path is not at its end"
        if self.path.broken or self.tail >= (LONG_TAIL if self.alone and "long_s" not in self.path.after else TAIL):
            return True
        return incident.released_at is not None and {"follow_up_s", "record_s"} <= self.path.after

    @property
    def open(self) -> bool:
        """Tier 3 is still owed."""
        incident = self.world.incident
        there = any(one.state in THERE and not one.medical for one in self.world.dispatches)
        return not (there or incident.tier >= LAST_TIER or incident.released_at or incident.state in ENDED)

    def late(self, now: datetime) -> bool:
        limit = self.world.plan.clocks.t_max_s
        if not self.open or now <= max(self.bound_from, self.walk.began.alarm_at + timedelta(seconds=limit)):
            return False
        self.path.broken = f"tier 3 is not called within {limit} s, and nobody has arrived"
        self.say(f"tier {self.world.incident.tier} still", now)
        return True

    def stopped(self) -> None:
        if self.open:
            self.path.broken = "no clock runs any more, tier 3 was not called, and nobody has arrived"

    def learn(self, change: Change) -> None:
        self.change = None
        self.bound_from = self.now
        self.world.change(None, change.facts)
        self.say(change.words)

    def act(self, move: Move) -> None:
        if move.order.kind is CommandKind.HAND_OVER:
            if self.path.tier3_at is not None or self.handed >= MOST_HANDED:
                return
            self.handed += 1
        refused = self.world.obey(move.dispatch, move.order, self.now)
        tier = self.world.dispatches[move.dispatch - 1].tier
        if refused is None:
            self.say(f"tier {tier}: {move.order.kind}")
            self.path.someone_came |= move.order.kind is CommandKind.ARRIVED
        human = self.played[move.dispatch]
        self.meet([human if human.hands_over else SILENT])

    def run_out(self, clock: escalation.Clock) -> None:
        self.world.run_out(clock, self.now)
        if isinstance(clock.action, Comfort):
            self.comforted += 1
            self.seen(clock.key)
            if self.comforted > 1:  # they go on and on, and decide nothing
                self.world.change(None, {"comfort_at": self.now + FOREVER})
            return
        self.seen(clock.key)
        self.say(f"{clock.words} ({clock.key})")
        if self.world.incident.tier >= LAST_TIER:
            self.tail += 1
        self.meet([SILENT])

    def seen(self, key: str) -> None:
        later = self.path.tier3_at is not None or self.world.incident.released_at is not None
        (self.path.after if later else self.path.before).add(key)

    def call(self, clock: escalation.Clock) -> Iterator[Path]:
        """A tier is called: one path for everything that its crews may do."""
        assert isinstance(clock.action, CallTier)
        tier, before = clock.action.tier, self.world.incident.tier
        for humans in self.casts(tier):
            child = self.copy()
            child.alone = self.alone
            child.world.reach = partial(_reached, len(humans))
            child.world.run_out(clock, child.now)
            child.seen(clock.key)
            child.say(f"tier {tier} is called ({clock.key})" + ("" if humans else ", nobody can be reached"))
            if tier != before + 1:
                child.path.broken = f"tier {tier} is called after tier {before}"
            if tier >= LAST_TIER:
                child.path.tier3_at, child.path.tier3_key = child.now, clock.key
                child.path.told = len(child.path.said)
            child.path.asked += bool(humans)
            child.meet(humans)
            yield from child.go()

    def casts(self, tier: int) -> Iterator[tuple[Human, ...]]:
        """Who may be asked, and how they behave."""
        at_once = self.world.plan.call_tier >= LAST_TIER
        if tier >= LAST_TIER:
            # What the last tier does decides nothing any more; that its clocks run is seen where nobody else is there.
            self.alone = all(human is SILENT for human in self.played.values())
            yield from ((human,) for human in (FEW if self.alone or at_once else FEW[:1]))
            return
        yield NOBODY
        yield from ((human,) for human in (FEW if at_once else self.people))
        asked = self.world.plan.tiers[tier - 1]
        if self.pairs and not at_once and (asked.count != 1 or len(asked.ask) > 1):
            yield from combinations_with_replacement(TOGETHER, 2)

    def meet(self, humans: Sequence[Human]) -> None:
        """Crews that were asked just now get their behaviour."""
        for number, offer in enumerate(self.world.offers):
            human = humans[min(number, len(humans) - 1)] if humans else SILENT
            known = self.played.setdefault(offer.id, human)
            if offer.id not in {move.dispatch for move in self.waiting}:
                self.waiting += moves(known, offer.id, self.now, offer.tier, self.world.plan)
            self.say(f"tier {offer.tier} {known.name}" if offer.replaces is None else f"another crew {known.name}")
        self.world.offers.clear()

    def say(self, words: str, at: datetime | None = None) -> None:
        self.path.said.append(f"{span_words(((at or self.now) - self.walk.began.alarm_at).total_seconds())} {words}")


def span_words(seconds: float) -> str:
    """m:ss, or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
