"""When each lift's way of an alarm was last proven, in a small file; the wall may be put right without ageing it."""

import logging
import threading
from datetime import datetime
from pathlib import Path

import msgspec

from edge import whole
from edge.clock import Clock

log = logging.getLogger(__name__)


class SelfTests:
    """Times by device. A device that was never tested counts from when it was first asked about."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self.clock, self._lock = path, clock, threading.Lock()
        now = clock.steady()
        # A time to come is a clock that was wrong then: it counts from now.
        self._passed = {device: min(at, now) for device, at in self._read().items()}

    def age_s(self, device: str) -> float:
        """Seconds since the last test that was passed."""
        with self._lock:
            if device not in self._passed:
                self._keep(device)
            return (self.clock.steady() - self._passed[device]).total_seconds()

    def passed(self, device: str) -> None:
        with self._lock:
            self._keep(device)

    def _keep(self, device: str) -> None:
        self._passed[device] = self.clock.steady()
        said = {name: self.clock.on_the_wall(at) for name, at in self._passed.items()}
        try:
            whole.write(self.path, msgspec.json.encode(said))
        except OSError as error:
            log.error("self-tests: %s cannot be written (%s); free the disk", self.path, error.strerror)

    def _read(self) -> dict[str, datetime]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, datetime])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            log.error("self-tests: %s cannot be read (%s); they count from now", self.path, error)
            return {}
