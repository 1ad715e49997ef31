"""PURE but for its own random numbers: one lift as a body and a controller, stepped through time."""

from collections.abc import Callable
from enum import StrEnum
from random import Random

from contracts.kinds import ServiceMode
from contracts.messages import LiftSample
from edge.simulator import faults, senses, traffic
from edge.simulator.condition import Condition
from edge.simulator.faults import Fault
from edge.simulator.profile import Profile

LANDING_M = 3.0
RATED, ACCELERATION, JERK, LAST_JERK = 1.75, 0.9, 1.0, 2.0
CREEP = 0.3
"""m/s: recovery after a power cut, and inspection"""
BRAKE, SAFETY_GEAR = 2.0, 6.0
"""m/s2 of the machine's brake and of the safety gear"""
TOO_FAST, GOVERNOR = 1.5, 1.35
"""times the rated speed: where a broken drive would go, and where the governor lets the safety gear bite"""
BEYOND_M, LIMIT_M = 0.6, 0.4
"""above the highest landing: where an overtravel would end, and the final limit switch"""
DRIFT, CAUGHT_M = 0.15, 0.5
"""m/s of a slipping brake, and where the protection against unintended movement catches the car"""
DOOR_ZONE_M = 0.2
DOOR_S, OPEN_S, BUTTON_S, INSPECTED_S = 2.0, 4.0, 3.0, 15.0
REVERSES_AT, REOPENINGS, GIVES_UP_S = 0.3, 8, 60.0


class Phase(StrEnum):
    IDLE = "idle"
    MOVING = "moving"
    BRAKING = "braking"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    DRIFTING = "drifting"
    STUCK = "stuck"


class Lift:
    """A lift with `floors` landings. Metres above the lowest landing, seconds since its start.

    `hour` is the hour of the day at the start; `faults_per_month` are drawn by the published mix of causes.
    """

    def __init__(
        self, floors: int, rng: Random, *, rated: float = RATED, hour: float = 9.0, faults_per_month: float = 0.0
    ) -> None:
        self.floors, self.rng, self.rated, self.began = floors, rng, rated, hour
        self.time = self.since = self.position = self.speed = self.acceleration = 0.0
        self.phase, self.mode, self.door = Phase.IDLE, ServiceMode.NORMAL, 0.0
        self.load: list[float] = []
        self.power, self.sensor_dead, self.button_until = True, False, -1.0
        self.pending: Fault | None = None
        self.codes: tuple[str, ...] = ()
        self.condition = Condition()
        self.next_call, self.reopened, self.brake = 0.0, 0, BRAKE
        self.ride: Profile | None = None
        self.start, self.up, self.astray = 0.0, True, False
        self.per_month = faults_per_month
        self.next_fault, self.repair_at = faults.next_fault(faults_per_month, rng), float("inf")

    @property
    def floor(self) -> int:
        """The nearest landing, 0 is the lowest."""
        return min(self.floors - 1, max(0, round(self.position / LANDING_M)))

    @property
    def top(self) -> float:
        return (self.floors - 1) * LANDING_M

    @property
    def in_zone(self) -> bool:
        return abs(self.position - self.floor * LANDING_M) <= DOOR_ZONE_M

    @property
    def hour(self) -> float:
        """Of the day, 0-24."""
        return (self.began + self.time / 3600) % 24

    @property
    def people(self) -> int:
        return len(self.load)

    @people.setter
    def people(self, number: int) -> None:
        self.load = self.load[:number] + [traffic.weigh(self.rng) for _ in range(number - len(self.load))]

    def fault(self, fault: Fault) -> None:
        """Lets something happen; most faults wait for the next ride or landing that suits them. Raises ValueError."""
        if fault is Fault.OVERSPEED and self.top < 2.5 * (TOO_FAST * self.rated) ** 2 / ACCELERATION:
            raise ValueError(f"{fault}: a shaft of {self.top:g} m is too short to become too fast in")
        if fault is Fault.ALARM_BUTTON:
            self.button_until = self.time + BUTTON_S
        elif fault in (Fault.POWER_CUT, Fault.RESTORE):
            self.power = fault is Fault.RESTORE
        elif fault is Fault.SENSOR_DEAD:
            self.sensor_dead = True
        elif fault is Fault.INSPECTION:
            self.mode, self.next_call = ServiceMode.INSPECTION, self.time + INSPECTED_S
        elif fault is Fault.RELEASE:
            self._release()
        else:
            self.pending, self.reopened = fault, 0
            if fault in (Fault.TRAP_BETWEEN, Fault.TRAP_LEVEL):
                self.people = max(1, self.people)

    def step(self, dt: float) -> None:
        """Moves time on by `dt` seconds (small: a tenth or so)."""
        self.time += dt
        self._fate()
        if not self.power:
            self._without_power()
        handlers: dict[Phase, Callable[[float], None]] = {
            Phase.IDLE: self._idle,
            Phase.MOVING: self._moving,
            Phase.BRAKING: self._braking,
            Phase.OPENING: self._opening,
            Phase.OPEN: self._open,
            Phase.CLOSING: self._closing,
            Phase.DRIFTING: self._drifting,
            Phase.STUCK: self._stuck,
        }
        handlers[self.phase](dt)

    def sample(self) -> LiftSample:
        """What the sensors say now, blinking and noise included."""
        return senses.sample(self)

    @property
    def moving(self) -> bool:
        """What the controller calls running."""
        return self.phase in (Phase.MOVING, Phase.BRAKING)

    def _fate(self) -> None:
        """Faults that nobody asked for, and the crew that comes for them."""
        if self.time >= self.next_fault:
            drawn = faults.draw(self.rng)
            if drawn is not Fault.OVERSPEED or self.floors > 10:
                self.fault(drawn)
            self.repair_at = self.time + faults.repaired_after(self.rng)
            self.next_fault = self.repair_at + faults.next_fault(self.per_month, self.rng)
        if self.time >= self.repair_at:
            self.repair_at = float("inf")
            self.power = True
            self._release()

    def _without_power(self) -> None:
        if self.phase is Phase.MOVING:
            self._stop(self.codes)
        elif self.phase in (Phase.IDLE, Phase.OPEN, Phase.CLOSING):
            self._enter(Phase.STUCK)

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.time

    def _go(self, target: float, speed: float) -> None:
        distance = target - self.position
        if abs(distance) < 0.01:
            self._enter(Phase.OPENING)
            return
        self.up, self.start = distance > 0, self.position
        self.astray = target > self.top or speed > self.rated
        self.ride = Profile(abs(distance), speed, ACCELERATION, JERK, LAST_JERK)
        self._enter(Phase.MOVING)

    def _go_to(self, floor: int) -> None:
        self._go(floor * LANDING_M, self.rated)

    def _idle(self, _: float) -> None:
        if self.mode is ServiceMode.INSPECTION:
            self._inspected()
        elif self.pending is Fault.TRAP_LEVEL:
            self._jam(("03",))
        elif self.pending is Fault.TRAP_BETWEEN:
            self._go_to(self.floor + 1 if self.floor < self.floors - 1 else self.floor - 1)
        elif self.pending is Fault.OVERTRAVEL:
            self._go(self.top + BEYOND_M, self.rated)
        elif self.pending is Fault.OVERSPEED:
            far = self.floors - 1 if self.floor < self.floors / 2 else 0
            self._go(far * LANDING_M, TOO_FAST * self.rated)
        elif self.pending in (Fault.DRIFT, Fault.DOOR_WONT_CLOSE, Fault.REOPENING):
            self._enter(Phase.OPENING)
        elif self.time >= self.next_call:
            # Somebody in the car has a goal, or somebody calls from a landing.
            self._go_to(self.rng.randrange(self.floors))
            self.next_call = self.time + traffic.next_call(self.hour, self.rng)

    def _inspected(self) -> None:
        """A technician on the car's roof moves it slowly, now and then."""
        if self.time >= self.next_call:
            self.next_call = self.time + INSPECTED_S
            here = self.floor
            self._go((here + 1 if here < self.floors - 1 else here - 1) * LANDING_M, CREEP)

    def _moving(self, _: float) -> None:
        assert self.ride is not None
        motion = self.ride.at(self.time - self.since)
        sign = 1 if self.up else -1
        self.position = self.start + sign * motion.position
        self.speed, self.acceleration = sign * motion.speed, sign * motion.acceleration
        if self.pending is Fault.TRAP_BETWEEN and self._would_stop_between():
            self._jam(("04",))
        elif motion.speed > GOVERNOR * self.rated:
            self._jam(("01",), SAFETY_GEAR)
        elif self.position > self.top + LIMIT_M:
            self._jam(("01",))
        elif self.time - self.since >= self.ride.duration:
            self.speed = self.acceleration = 0.0
            self._enter(Phase.IDLE if self.mode is ServiceMode.INSPECTION else Phase.OPENING)

    def _would_stop_between(self) -> bool:
        """Whether the brake, if it fell now, would leave the car well away from any landing."""
        stop = self.position + self.speed * abs(self.speed) / (2 * BRAKE)
        return all(abs(at - round(at / LANDING_M) * LANDING_M) > 3 * DOOR_ZONE_M for at in (self.position, stop))

    def _braking(self, dt: float) -> None:
        sign = 1 if self.speed > 0 else -1
        slower = max(0.0, abs(self.speed) - self.brake * dt)
        self.position += sign * (abs(self.speed) + slower) / 2 * dt
        self.speed, self.acceleration = sign * slower, -sign * self.brake
        if slower <= 0:
            self.speed = self.acceleration = 0.0
            self._enter(Phase.STUCK)

    def _opening(self, dt: float) -> None:
        if self.pending in (Fault.TRAP_LEVEL, Fault.DOOR_WONT_OPEN) and self.door <= 0:
            self._jam(("03",))
            return
        self.door = min(1.0, self.door + dt / DOOR_S)
        if self.door >= 1:
            if self.pending is None:
                leaving = self.rng.randint(0, self.people)
                staying = self.people - leaving
                self.people = staying
                self.people = min(8, staying + traffic.boarding(self.hour, self.rng))
            self._enter(Phase.OPEN)

    def _open(self, _: float) -> None:
        if self.pending is Fault.DRIFT:
            self._enter(Phase.DRIFTING)
        elif self.mode is not ServiceMode.INSPECTION and (self.time - self.since >= OPEN_S or self.pending is not None):
            self._enter(Phase.CLOSING)

    def _closing(self, dt: float) -> None:
        self.door = max(0.0, self.door - dt / DOOR_S)
        if self.pending is Fault.DOOR_WONT_CLOSE and self.door <= REVERSES_AT:
            self.reopened += 1
            if self.reopened * 2 * DOOR_S > GIVES_UP_S:
                self.codes = ("02",)
            self._enter(Phase.OPENING)
        elif self.door <= 0 and self.pending is Fault.REOPENING and self.reopened < REOPENINGS:
            self.reopened += 1
            self._enter(Phase.OPENING)
        elif self.door <= 0:
            self.pending = None if self.pending is Fault.REOPENING else self.pending
            self._enter(Phase.IDLE)
            if self.people:
                self.next_call = self.time + 1

    def _drifting(self, dt: float) -> None:
        """The brake slips under an open door; the controller still believes that the car stands."""
        landing = self.floor * LANDING_M
        sign = -1 if self.floor == self.floors - 1 else 1
        self.speed = sign * DRIFT
        self.position += self.speed * dt
        if abs(self.position - landing) >= CAUGHT_M:
            self.pending, self.codes, self.speed = None, ("05",), 0.0
            self._enter(Phase.STUCK)

    def _stuck(self, _: float) -> None:
        self.speed = self.acceleration = 0.0
        if not self.power or self.codes:
            return
        # The mains is back: the car creeps to the next landing and opens.
        if self.door > 0:
            self._enter(Phase.OPENING)
        else:
            self._go(self.floor * LANDING_M, CREEP)

    def _jam(self, codes: tuple[str, ...], brake: float = BRAKE) -> None:
        self.pending, self.door = None, 0.0
        self._stop(codes, brake)

    def _stop(self, codes: tuple[str, ...], brake: float = BRAKE) -> None:
        self.codes, self.brake = codes, brake
        self._enter(Phase.BRAKING if self.speed else Phase.STUCK)

    def _release(self) -> None:
        """A crew brings the car level by hand, opens the door, and leaves a lift that is whole."""
        astray = self.phase is Phase.MOVING and self.astray
        self.pending, self.codes, self.sensor_dead, self.mode = None, (), False, ServiceMode.NORMAL
        if astray or self.phase in (Phase.STUCK, Phase.BRAKING, Phase.DRIFTING):
            self.position, self.speed, self.acceleration = self.floor * LANDING_M, 0.0, 0.0
            self._enter(Phase.OPENING)
