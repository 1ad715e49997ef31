"""Collects one lift's rides from its samples, has them judged, and keeps what was learnt of them over restarts."""

import logging
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from contracts.kinds import CarStatus, ServiceMode
from contracts.messages import LiftSample
from edge import whole
from edge.rules.ride_quality import RideState
from models.errors import ModelError
from models.ride import RATE, REST_S, RideError, RideModel

log = logging.getLogger(__name__)
LONGEST_GAP_S = 0.5
"""between two readings: a lift that is read less often cannot be judged"""
LONGEST_RIDE_S = 300.0


class RideWatch:
    """Samples in, now and then a score out."""

    def __init__(self, model: RideModel, path: Path) -> None:
        self.model, self.path = model, path
        self._kept: list[tuple[datetime, float]] = []
        self._ran: tuple[datetime, datetime] | None = None
        """from the first to the last sample of the ride"""

    def feed(self, sample: LiftSample, now: datetime) -> float | None:
        """The score of a ride that has just come to rest."""
        if sample.acceleration is None or sample.mode is not ServiceMode.NORMAL or self._gap(now):
            self._forget()
            return None
        running = sample.car is CarStatus.RUNNING
        if running and self._ran and (now - self._ran[1]).total_seconds() > LONGEST_GAP_S:
            # Off again before the rest was over: too little is known of the sensor's noise.
            self._forget()
        self._kept.append((now, sample.acceleration))
        if running:
            self._ran = (self._ran[0] if self._ran else now, now)
        if self._ran is None:
            self._drop_before(now)
        elif (now - self._ran[0]).total_seconds() > LONGEST_RIDE_S:
            self._forget()
        elif not running and (now - self._ran[1]).total_seconds() >= REST_S:
            return self._judge(*self._ran)
        return None

    def load(self) -> RideState:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=RideState)
        except FileNotFoundError:
            return RideState()
        except (OSError, msgspec.DecodeError) as error:
            log.error("rides: %s cannot be read (%s); what is usual is learnt anew", self.path, error)
            return RideState()

    def save(self, state: RideState) -> None:
        try:
            whole.write(self.path, msgspec.json.encode(state))
        except OSError as error:
            log.error("rides: %s cannot be written (%s); free the disk", self.path, error.strerror)

    def _gap(self, now: datetime) -> bool:
        return bool(self._kept) and (now - self._kept[-1][0]).total_seconds() > LONGEST_GAP_S

    def _forget(self) -> None:
        self._kept, self._ran = [], None

    def _drop_before(self, now: datetime) -> None:
        """Of a car that stands only the last moments matter."""
        self._kept = [(at, a) for at, a in self._kept if (now - at).total_seconds() <= REST_S + LONGEST_GAP_S]

    def _judge(self, first: datetime, last: datetime) -> float | None:
        began = self._kept[0][0]
        times = np.array([(at - began).total_seconds() for at, _ in self._kept])
        values = np.array([a for _, a in self._kept])
        start, end = (first - began).total_seconds() - REST_S, (last - began).total_seconds() + REST_S + 1 / RATE
        self._forget()
        if start < -0.2:
            return None
        try:
            return self.model.score(np.interp(np.arange(start, end, 1 / RATE), times, values))
        except RideError:
            # From one landing to the next there is too little of a ride.
            return None
        except ModelError as error:
            log.error("rides: %s", error)
            return None
