"""Reads one driver in a thread of its own, so that one that hangs makes its lift unknown and not the agent mute."""

import logging
import threading
from collections import deque
from datetime import datetime

from contracts.messages import LiftSample
from edge.clock import Clock
from edge.drivers import DriverError, LiftDriver

log = logging.getLogger(__name__)
READ_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 0.5, 15.0
KEPT = 600


class Reader:
    """Opens, reads, closes, and opens again after a failure, with a growing pause."""

    def __init__(self, device: str, driver: LiftDriver, clock: Clock) -> None:
        self.device, self.driver, self.clock = device, driver, clock
        self.fault = ""
        self._read: deque[tuple[LiftSample, datetime]] = deque(maxlen=KEPT)

    def take(self) -> list[tuple[LiftSample, datetime]]:
        """What was read since the last time and when (steady time), oldest first."""
        return [self._read.popleft() for _ in range(len(self._read))]

    def run(self, stop: threading.Event) -> None:
        pause = FIRST_PAUSE_S
        while not stop.is_set():
            try:
                self.driver.open()
                while not stop.wait(READ_S):
                    sample = self.driver.read()
                    if sample is not None:
                        self._read.append((sample, self.clock.steady()))
                    pause = FIRST_PAUSE_S
                    self._say("")
            except DriverError as error:
                self._say(f"lift {self.device}: {error}")
            finally:
                self.driver.close()
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _say(self, fault: str) -> None:
        if fault != self.fault:
            if fault:
                log.error("%s; it is opened again", fault)
            else:
                log.info("lift %s: read again", self.device)
            self.fault = fault
