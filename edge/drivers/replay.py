"""Plays a file of JSON lines, one LiftSample each, at the pace of their `dt` (ms from the first), again and again."""

import time
from pathlib import Path

import msgspec

from contracts.messages import LiftSample
from edge.config import LiftConfig
from edge.drivers import DriverError


class ReplayDriver:
    """Reads the samples once and gives the one whose time has come."""

    def __init__(self, config: LiftConfig) -> None:
        self.path = Path(config.path)
        self.samples: list[LiftSample] = []
        self._began = 0.0

    def open(self) -> None:
        try:
            lines = [line for line in self.path.read_bytes().splitlines() if line.strip()]
            self.samples = [msgspec.json.decode(line, type=LiftSample) for line in lines]
        except OSError as error:
            raise DriverError(f"replay {self.path}: cannot be read ({error.strerror})") from error
        except msgspec.DecodeError as error:
            raise DriverError(f"replay {self.path}: line {len(self.samples) + 1}: {error}") from error
        if not self.samples:
            raise DriverError(f"replay {self.path}: no samples, expected one JSON object a line")
        self._began = time.monotonic()

    def read(self) -> LiftSample:
        length = self.samples[-1].dt / 1000 + 1
        passed = (time.monotonic() - self._began) % length
        current = [sample for sample in self.samples if sample.dt / 1000 <= passed] or self.samples[:1]
        return msgspec.structs.replace(current[-1], dt=0)

    def close(self) -> None:
        self.samples = []
