"""The running city: who speaks when, who gets stuck, and what is sent of it."""

import heapq
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from uuid import UUID, uuid4

from contracts.ids import uuid7
from contracts.kinds import DeviceKind, Lane, Phase, Rule
from runtime.simulate import rates
from runtime.simulate.happenings import Rescue, rescue, sight
from runtime.simulate.kitchens import Camera
from runtime.simulate.lifts import Car
from runtime.simulate.sender import Sender
from runtime.simulate.speakers import Flock, Member, Speaker

RETRY_S = 0.5
AGENT_S = 60.0
TRIES = 30
MOST_WAITING = 20_000
"""messages without the broker's word, beyond which telemetry waits; events never do"""
MOST_AT_ONCE = 2_000


@dataclass(frozen=True)
class Pace:
    """How the city runs. Seconds, and factors."""

    period: float = 10.0
    kitchen_period: float = 60.0
    status_period: float = 300.0
    speed: float = 1.0
    """how many times as often something happens, and how many times as fast the hours of the day pass"""
    hurry: float = 1.0
    """how many times as short a rescue or a finding lasts"""
    changes: bool = True
    """tell the changes of a lift between two messages as well"""


@dataclass
class Counts:
    """What was handed to the connections, by lane, and what happened."""

    telemetry: int = 0
    samples: int = 0
    event: int = 0
    status: int = 0
    entrapments: int = 0
    findings: int = 0


@dataclass(order=True)
class Due:
    at: float
    number: int
    work: Callable[[float], None] = field(compare=False)


class Life:
    """Everything that goes on. One thread calls `tick`; others may read `rescues`."""

    def __init__(self, members: Sequence[Member], sender: Sender, pace: Pace, *, now: float, random: Random) -> None:
        self.sender, self.pace, self.began, self.random = sender, pace, now, random
        boots: dict[str, UUID] = {}
        # A boot is never told twice, whatever the seed: the centre knows a message by it.
        self.speakers = [Speaker(one, boots.setdefault(one.site, uuid4()), now, random) for one in members]
        by_kind: dict[DeviceKind, list[Speaker]] = {kind: [] for kind in DeviceKind}
        for speaker in self.speakers:
            by_kind[speaker.member.kind].append(speaker)
        self.passenger = [speaker for speaker in by_kind[DeviceKind.LIFT] if speaker.member.passenger]
        self.cameras, self.rooms = by_kind[DeviceKind.CAMERA], by_kind[DeviceKind.KITCHEN_SENSOR]
        self.kitchens = len({one.kitchen_id for one in members} - {0})
        self.lifts = Flock(by_kind[DeviceKind.LIFT], pace.period, now)
        self.watched = Flock([*self.cameras, *self.rooms], pace.kitchen_period, now)
        agents = by_kind[DeviceKind.AGENT]
        others = [speaker for kind, speakers in by_kind.items() for speaker in speakers if kind is not DeviceKind.AGENT]
        self.statuses = Flock(others, pace.status_period, now)
        # An agent has no telemetry: its status is all that is heard of it, and after two minutes it would be silent.
        self.agents = Flock(agents, min(pace.status_period, AGENT_S), now)
        self.counts = Counts()
        self.rescues: dict[str, Rescue] = {}
        """by lift code, while somebody is inside"""
        self._agenda: list[Due] = []
        self._numbers = count()
        self._ticked = now

    def begin(self, now: float) -> None:
        """Time begins to run: what it took to get ready is no arrears."""
        self.began = self._ticked = now
        for flock in self.flocks:
            flock.began = now

    @property
    def asked(self) -> float:
        """Messages a second that the periods ask for."""
        return sum(flock.rate for flock in self.flocks)

    @property
    def flocks(self) -> tuple[Flock, ...]:
        return self.lifts, self.watched, self.statuses, self.agents

    def hour(self, now: float) -> float:
        """The city's hour of the day, which passes `speed` times as fast as ours."""
        return ((self.began + (now - self.began) * self.pace.speed) / 3600.0 + rates.CITY_HOUR_OFFSET) % 24.0

    def tick(self, now: float) -> None:
        """Everything that is due by now."""
        hour = self.hour(now)
        self._happen(now, hour)
        while self._agenda and self._agenda[0].at <= now:
            heapq.heappop(self._agenda).work(now)
        if self.sender.collect() > MOST_WAITING:
            return
        for flock, busy in ((self.lifts, rates.busy(hour)), (self.watched, rates.cooking(hour))):
            for speaker in flock.due(now, MOST_AT_ONCE):
                self._telemetry(speaker, now, busy)
        for flock in (self.statuses, self.agents):
            for speaker in flock.due(now, MOST_AT_ONCE):
                self.status(speaker, now, online=True)

    def _telemetry(self, speaker: Speaker, now: float, busy: float) -> None:
        base, samples = speaker.samples(now, busy, self.random, self.pace.changes)
        self.sender.telemetry(speaker.prefix + Lane.TELEMETRY, speaker.say(base, samples))
        speaker.telemetry += 1
        self.counts.telemetry += 1
        self.counts.samples += len(samples)

    def status(self, speaker: Speaker, now: float, online: bool) -> bool:
        """Says how a device is; kept by the broker."""
        payload = speaker.status(now, online)
        sent = self.sender.tell(speaker.prefix + Lane.STATUS, payload, retain=True)
        self.counts.status += sent
        return sent

    def _happen(self, now: float, hour: float) -> None:
        span, self._ticked = now - self._ticked, now
        often = span * self.pace.speed
        for _ in range(rates.happenings(self.random, rates.trapped_per_s(len(self.passenger), hour) * often)):
            self.trap(now)
        for _ in range(rates.happenings(self.random, rates.findings_per_s(self.kitchens, hour) * often)):
            self.find(now)

    def later(self, at: float, work: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, Due(at, next(self._numbers), work))

    def trap(self, now: float) -> bool:
        """Somebody gets stuck in a lift of the city; False where no lift is free for it."""
        speaker, car = self._victim(now)
        if speaker is None or car is None:
            return False
        plan = rescue(self.random, now, not car.level, self.pace.hurry)
        car.stick(now, plan.people, plan.button)
        self.rescues[speaker.member.lift] = plan
        self.counts.entrapments += 1
        rule = Rule.TRAPPED_LEVEL if car.level else Rule.TRAPPED_NON_LEVEL
        floor = car.sample(now, 0).floor
        event = Story(self, speaker, rule, now, {"people": plan.people, "floor": floor, "reason": rule.value})
        self.later(plan.told, event.start)
        if plan.button:
            button = Story(self, speaker, Rule.ALARM_BUTTON, now, {"people": plan.people, "floor": floor})
            self.later(plan.told, button.start)
            self.later(plan.halfway, button.end)
        self.later(plan.halfway, event.update)
        self.later(plan.freed, lambda at: self._freed(speaker, car, event, at))
        return True

    def _victim(self, now: float) -> tuple[Speaker | None, Car | None]:
        """A passenger lift that runs, or one at a landing, by their share of entrapments."""
        running = self.random.random() < rates.NON_LEVEL_SHARE
        chosen: tuple[Speaker | None, Car | None] = (None, None)
        for _ in range(TRIES if self.passenger else 0):
            speaker = self.passenger[int(self.random.random() * len(self.passenger))]
            car = speaker.body
            if isinstance(car, Car) and not car.stuck:
                for _ in car.advance(now, 1.0, self.random):
                    pass
                chosen = speaker, car
                if car.running == running:
                    break
        return chosen

    def _freed(self, speaker: Speaker, car: Car, event: "Story", now: float) -> None:
        car.free(now)
        event.details = {**event.details, "reason": "door open in zone"}
        event.end(now)
        self.rescues.pop(speaker.member.lift, None)

    def find(self, now: float) -> bool:
        """Something is seen in a kitchen of the city; False where there is none to see it."""
        plan = sight(self.random, now, self.pace.hurry)
        eyes = self.rooms if plan.rule is Rule.CLIMATE else self.cameras
        if not eyes:
            return False
        speaker = eyes[int(self.random.random() * len(eyes))]
        if isinstance(speaker.body, Camera):
            if speaker.body.degraded or now < speaker.body.blind_until:
                return False
            if plan.rule is Rule.CAMERA_BLIND:
                speaker.body.blind_until = plan.ended
        subject = "" if plan.rule in (Rule.CLIMATE, Rule.CAMERA_BLIND) else f"track-{self.counts.findings}"
        event = Story(self, speaker, plan.rule, now, {"reason": plan.rule.value}, subject, plan.confidence)
        self.counts.findings += 1
        event.start(now)
        self.later(plan.ended, event.end)
        return True

    def end_all(self, now: float) -> None:
        """Lets everybody out: what is open when a simulation ends would stay open for ever."""
        # Without a connection a step comes back; it is not asked for ever.
        for _ in range(10 * len(self._agenda)):
            if not self._agenda:
                break
            heapq.heappop(self._agenda).work(now)


class Story:
    """One event from its start to its end; each step is sent again until a connection takes it."""

    def __init__(
        self,
        life: Life,
        speaker: Speaker,
        rule: Rule,
        began: float,
        details: dict[str, str | int | float | bool | None],
        subject: str = "",
        confidence: float = 1.0,
    ) -> None:
        self.life, self.speaker, self.rule, self.began, self.details = life, speaker, rule, began, details
        self.subject, self.confidence = subject, confidence
        self.id, self.rev = uuid7(int(time.time() * 1000), os.urandom(10)), 0

    def start(self, now: float) -> None:
        self._send(Phase.START, now)

    def update(self, now: float) -> None:
        self._send(Phase.UPDATE, now)

    def end(self, now: float) -> None:
        self._send(Phase.END, now)

    def _send(self, phase: Phase, now: float) -> None:
        payload = self.speaker.tell(
            self.id,
            self.rule,
            phase,
            rev=self.rev,
            began=self.began,
            now=now,
            details=self.details,
            subject=self.subject,
            confidence=self.confidence,
        )
        if self.life.sender.tell(self.speaker.prefix + Lane.EVENT, payload):
            self.speaker.events += 1
            self.rev += 1
            self.life.counts.event += 1
        else:
            self.life.later(now + RETRY_S, lambda at: self._send(phase, at))
