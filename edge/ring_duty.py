"""Keeps the segment rings of an agent within their limits."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from edge.clock import now_utc
from edge.config import EdgeConfig
from edge.segments import Ring

log = logging.getLogger(__name__)
EVERY_S = 60.0
GB = 1024**3


def ring_folder(config: EdgeConfig, device: str) -> Path:
    """Where a camera's segments are."""
    return Path(config.spool) / "segments" / device


def ring_of(config: EdgeConfig, device: str) -> Ring:
    """A camera's ring with the limits of the configuration."""
    limits = config.segments
    return Ring(
        ring_folder(config, device),
        round(limits.max_gb * GB),
        timedelta(days=limits.days),
        round(limits.reserve_gb * GB),
    )


class RingDuty:
    """Prunes every minute, also the rings of cameras that are off."""

    def __init__(self, rings: Sequence[Ring], every_s: float = EVERY_S, now: Callable[[], datetime] = now_utc) -> None:
        self.rings, self.every_s, self.now = rings, every_s, now
        self._faults: dict[Path, str] = {}

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        while not stop.is_set():
            for ring in self.rings:
                self._prune(ring)
            stop.wait(self.every_s)

    def _prune(self, ring: Ring) -> None:
        fault = ""
        try:
            ring.prune(self.now())
        except OSError as error:
            fault = f"segments {ring.folder}: cannot be pruned ({error.strerror}); the disk may fill up"
        if fault and fault != self._faults.get(ring.folder):
            log.error(fault)
        self._faults[ring.folder] = fault
