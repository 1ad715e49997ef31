"""The simulators behind the interface that real protocols use; they run in real time, at the hour of the day here."""

import threading
import time
from random import Random

from contracts.messages import ClimateSample, LiftSample
from edge.config import LiftConfig, SensorConfig
from edge.simulator.faults import Fault
from edge.simulator.lift import Lift
from edge.simulator.sensor import climate

STEP_S = 0.05


class SimulatorDriver:
    """A simulated lift; `inject` lets something happen to it."""

    def __init__(self, config: LiftConfig) -> None:
        here = time.localtime()
        # A simulation needs no secrets of its randomness, only that a seed repeats it.
        self.lift = Lift(
            config.floors,
            Random(config.seed),
            rated=config.rated_speed,
            hour=here.tm_hour + here.tm_min / 60,
            faults_per_month=config.faults_per_month,
        )
        self._lock = threading.Lock()
        self._at = time.monotonic()

    def open(self) -> None:
        self._at = time.monotonic()

    def read(self) -> LiftSample | None:
        with self._lock:
            now = time.monotonic()
            # After a long pause (a suspended machine) the past is not made up for.
            left = min(now - self._at, 5.0)
            self._at = now
            while left > 0:
                self.lift.step(min(STEP_S, left))
                left -= STEP_S
            return self.lift.sample()

    def inject(self, fault: str) -> None:
        """Raises ValueError for a fault that there is not."""
        with self._lock:
            self.lift.fault(Fault(fault))

    def close(self) -> None:
        """Nothing to close."""


class ClimateSimulator:
    """A simulated kitchen sensor."""

    def __init__(self, config: SensorConfig) -> None:
        self._rng, self._began = Random(config.seed), time.monotonic()

    def open(self) -> None:
        """Nothing to open."""

    def read(self) -> ClimateSample | None:
        return climate(time.monotonic() - self._began, self._rng)

    def close(self) -> None:
        """Nothing to close."""
