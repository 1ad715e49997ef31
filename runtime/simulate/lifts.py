"""PURE: a car that rides, waits and gets stuck: plausible, not physics, and cheap enough for sixty thousand.

A car is brought up to a time only when it is asked; everything in between follows from what it drew before.
"""

from collections.abc import Iterator
from enum import IntEnum
from random import Random

from contracts.kinds import CarStatus, Direction, Power, ServiceMode
from contracts.messages import LiftSample

STOREY_M = 3.0
ZONE_M = 0.2
PERSON_KG = 65.0
RIDES_PER_H = 12.0
"""of a car in an average hour"""
DOOR_S = 6.0
BUTTON_S = 60.0
DOOR_OPEN_FAILED = "03"
OUTSIDE_ZONE = "04"


class Phase(IntEnum):
    WAITING = 0
    """at a landing, doors closed, nobody inside"""
    OPEN = 1
    RUNNING = 2
    STUCK = 3


class Car:
    """One lift. Times are seconds of any clock, lengths metres above the lowest landing."""

    __slots__ = ("began", "button", "floor", "floors", "people", "phase", "speed", "stuck_m", "target", "until")

    def __init__(self, floors: int, speed: float, now: float, random: Random) -> None:
        self.floors, self.speed = max(2, floors), max(0.5, speed)
        self.floor = self.target = int(random.random() * self.floors)
        self.phase, self.began, self.people = Phase.WAITING, now, 0
        self.until = now + random.random() * 3600.0 / RIDES_PER_H
        self.stuck_m, self.button = 0.0, False

    def advance(self, now: float, busy: float, random: Random) -> Iterator[float]:
        """Lives on to `now` and yields the time of every change on the way, while the car is as it was just after it.

        `busy` is 1 in an average hour.
        """
        while self.until <= now and self.phase is not Phase.STUCK:
            at = self.until
            if self.phase is Phase.WAITING:
                self._called(at, random)
            elif self.phase is Phase.RUNNING:
                self.floor, self.phase, self.people = self.target, Phase.OPEN, 0
                self._next(at, DOOR_S)
            else:
                self._doors_close(at, busy, random)
            yield at

    def _called(self, at: float, random: Random) -> None:
        caller = int(random.random() * self.floors)
        if caller == self.floor:
            self.phase = Phase.OPEN
            self._next(at, DOOR_S)
        else:
            self._run(at, caller)

    def _doors_close(self, at: float, busy: float, random: Random) -> None:
        if self.people == 0 and random.random() < 0.5:
            # Somebody got in while the doors stood open.
            self.people = 1 + int(random.expovariate(1.0))
            self.people = min(self.people, 8)
            target = int(random.random() * self.floors)
            self._run(at, target if target != self.floor else (self.floor + 1) % self.floors)
            return
        self.phase, self.people = Phase.WAITING, 0
        self._next(at, random.expovariate(max(0.01, busy) * RIDES_PER_H / 3600.0))

    def _run(self, at: float, target: int) -> None:
        self.phase, self.target = Phase.RUNNING, target
        self._next(at, 2.0 + abs(target - self.floor) * STOREY_M / self.speed)

    def _next(self, at: float, seconds: float) -> None:
        self.began, self.until = at, at + seconds

    def _place(self, now: float) -> float:
        """Where the car is, in metres."""
        if self.phase is Phase.STUCK:
            return self.stuck_m
        if self.phase is not Phase.RUNNING:
            return self.floor * STOREY_M
        share = min(1.0, max(0.0, (now - self.began) / (self.until - self.began)))
        return (self.floor + (self.target - self.floor) * share) * STOREY_M

    @property
    def level(self) -> bool:
        """Whether the car stands, or is stuck, at a landing."""
        rest = self.stuck_m % STOREY_M if self.phase is Phase.STUCK else 0.0
        return self.phase is not Phase.RUNNING and min(rest, STOREY_M - rest) <= ZONE_M

    def stick(self, now: float, people: int, button: bool) -> None:
        """Stops with people inside and doors that do not open, wherever the car is now."""
        self.stuck_m = self._place(now)
        self.floor = min(self.floors - 1, max(0, round(self.stuck_m / STOREY_M)))
        self.phase, self.people, self.button = Phase.STUCK, people, button
        self.began, self.until = now, float("inf")

    def free(self, now: float) -> None:
        """The doors open at a landing and everybody is out."""
        if self.phase is Phase.STUCK:
            self.phase, self.people, self.button = Phase.OPEN, 0, False
            self._next(now, DOOR_S)

    @property
    def stuck(self) -> bool:
        return self.phase is Phase.STUCK

    @property
    def running(self) -> bool:
        return self.phase is Phase.RUNNING

    def sample(self, now: float, dt: int) -> LiftSample:
        """What the lift's sensors say; `dt` is milliseconds after the message's base."""
        place, running = self._place(now), self.phase is Phase.RUNNING
        rest = place % STOREY_M
        zone = min(rest, STOREY_M - rest) <= ZONE_M
        up = self.target > self.floor
        speed = (self.speed if up else -self.speed) if running else 0.0
        return LiftSample(
            dt=dt,
            mode=ServiceMode.NORMAL,
            car=CarStatus.RUNNING if running else CarStatus.STOPPED,
            direction=(Direction.UP if up else Direction.DOWN) if running else Direction.NONE,
            floor=str(round(place / STOREY_M) + 1),
            door_zone=zone,
            door_closed=self.phase is not Phase.OPEN,
            passenger=self.people > 0,
            power=Power.MAINS,
            alarm_button=self.button and self.phase is Phase.STUCK and now - self.began < BUTTON_S,
            speed=speed,
            position=round(place, 2),
            load=self.people * PERSON_KG,
            codes=() if self.phase is not Phase.STUCK else (DOOR_OPEN_FAILED if zone else OUTSIDE_ZONE,),
        )
