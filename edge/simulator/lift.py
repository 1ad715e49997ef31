"""PURE but for its own random numbers: one lift, stepped through time."""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from contracts.kinds import CarStatus, Direction, Power, ServiceMode
from contracts.messages import LiftSample
from edge.simulator.profile import Profile

LANDING_M = 3.0
SPEED, ACCELERATION, JERK = 1.75, 0.9, 1.0
DOOR_ZONE_M = 0.2
DOOR_S, OPEN_S, BUTTON_S = 2.0, 4.0, 3.0
PERSON_KG = 70.0
LEVELLING = 0.3
BLINK = 0.05


class Phase(StrEnum):
    IDLE = "idle"
    MOVING = "moving"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    STUCK = "stuck"


class Fault(StrEnum):
    """What can happen to a simulated lift."""

    TRAP_BETWEEN = "trap_between"
    TRAP_LEVEL = "trap_level"
    ALARM_BUTTON = "alarm_button"
    POWER_CUT = "power_cut"
    RESTORE = "restore"
    RELEASE = "release"


@dataclass
class Lift:
    """A lift with `floors` landings. Metres above the lowest landing, seconds since its start."""

    floors: int
    rng: Random
    time: float = 0.0
    phase: Phase = Phase.IDLE
    since: float = 0.0
    position: float = 0.0
    speed: float = 0.0
    acceleration: float = 0.0
    door: float = 0.0
    """0 closed, 1 open"""
    people: int = 0
    power: bool = True
    button_until: float = -1.0
    trap: Fault | None = None
    codes: tuple[str, ...] = ()
    next_call: float = 0.0
    ride: Profile | None = None
    start: float = 0.0
    up: bool = True
    visited: list[int] = field(default_factory=list)

    @property
    def floor(self) -> int:
        """The nearest landing, 0 is the lowest."""
        return min(self.floors - 1, max(0, round(self.position / LANDING_M)))

    @property
    def in_zone(self) -> bool:
        return abs(self.position - self.floor * LANDING_M) <= DOOR_ZONE_M

    def fault(self, fault: Fault) -> None:
        """Lets something happen; a trap waits for the next ride or landing that suits it."""
        if fault is Fault.ALARM_BUTTON:
            self.button_until = self.time + BUTTON_S
        elif fault is Fault.POWER_CUT:
            self.power = False
        elif fault is Fault.RESTORE:
            self.power = True
        elif fault is Fault.RELEASE:
            self._release()
        else:
            self.trap = fault
            self.people = max(1, self.people)

    def step(self, dt: float) -> None:
        """Moves time on by `dt` seconds (small: a tenth or so)."""
        self.time += dt
        if not self.power and self.phase is not Phase.STUCK:
            self._stop_here()
        {
            Phase.IDLE: self._idle,
            Phase.MOVING: self._moving,
            Phase.OPENING: self._opening,
            Phase.OPEN: self._open,
            Phase.CLOSING: self._closing,
            Phase.STUCK: self._stuck,
        }[self.phase](dt)

    def sample(self) -> LiftSample:
        """What the sensors say now, blinking and noise included."""
        moving = self.phase is Phase.MOVING
        seen = self.people > 0 and self.rng.random() > BLINK
        direction = (Direction.UP if self.up else Direction.DOWN) if moving else Direction.NONE
        return LiftSample(
            mode=ServiceMode.NORMAL,
            car=CarStatus.RUNNING if moving else CarStatus.STOPPED,
            direction=direction,
            floor=str(self.floor + 1),
            door_zone=self.in_zone,
            door_closed=self.door <= 0.01,
            passenger=seen,
            power=Power.MAINS if self.power else Power.FAILED,
            alarm_button=self.time < self.button_until,
            speed=round(self.speed, 3),
            position=round(self.position, 3),
            load=round(max(0.0, self.people * PERSON_KG + self.rng.gauss(0, 2)), 1),
            acceleration=round(self.acceleration + self.rng.gauss(0, 0.01), 3),
            codes=self.codes,
        )

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.time

    def _go(self, floor: int) -> None:
        distance = floor * LANDING_M - self.position
        if abs(distance) < 0.01:
            self._enter(Phase.OPENING)
            return
        self.up, self.start = distance > 0, self.position
        self.ride = Profile(abs(distance), SPEED, ACCELERATION, JERK)
        self._enter(Phase.MOVING)

    def _idle(self, _: float) -> None:
        if self.trap is Fault.TRAP_BETWEEN:
            self._go(self.floor + 1 if self.floor < self.floors - 1 else self.floor - 1)
        elif self.trap is Fault.TRAP_LEVEL:
            self._jam(("03",))
        elif self.time >= self.next_call:
            if self.people:
                self._go(self.rng.randrange(self.floors))
            else:
                # Somebody calls from a landing.
                self._go(self.rng.randrange(self.floors))
            self.next_call = self.time + self.rng.expovariate(1 / 20)

    def _moving(self, _: float) -> None:
        assert self.ride is not None
        motion = self.ride.at(self.time - self.since)
        sign = 1 if self.up else -1
        self.position = self.start + sign * motion.position
        self.speed, self.acceleration = sign * motion.speed, sign * motion.acceleration
        if self.trap is Fault.TRAP_BETWEEN and not self.in_zone and abs(self.position - self.floor * LANDING_M) > 0.8:
            self._jam(("04",))
        elif self.time - self.since >= self.ride.duration:
            self.speed = self.acceleration = 0.0
            self._enter(Phase.OPENING)

    def _opening(self, dt: float) -> None:
        if self.trap is Fault.TRAP_LEVEL:
            self._jam(("03",))
            return
        self.door = min(1.0, self.door + dt / DOOR_S)
        if self.door >= 1:
            self.people = self.rng.choice((0, 0, 1, 1, 2, 3)) if self.trap is None else max(1, self.people)
            self._enter(Phase.OPEN)

    def _open(self, _: float) -> None:
        if self.time - self.since >= OPEN_S or self.trap is not None:
            self._enter(Phase.CLOSING)

    def _closing(self, dt: float) -> None:
        self.door = max(0.0, self.door - dt / DOOR_S)
        if self.door <= 0:
            self._enter(Phase.IDLE)
            if self.people:
                self.next_call = self.time + 1

    def _stuck(self, _: float) -> None:
        self.speed = self.acceleration = 0.0

    def _stop_here(self) -> None:
        self.speed = self.acceleration = 0.0
        self._enter(Phase.STUCK)

    def _jam(self, codes: tuple[str, ...]) -> None:
        self.trap, self.codes, self.door = None, codes, 0.0
        self._stop_here()

    def _release(self) -> None:
        """A crew brings the car level by hand and opens the door."""
        self.trap, self.codes = None, ()
        if self.phase is Phase.STUCK:
            self.position = self.floor * LANDING_M
            self._enter(Phase.OPENING)
