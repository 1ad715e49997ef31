"""PURE: messages of simulated lifts over a day, as fast as they can be made."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from contracts.messages import LiftSample, Telemetry, encode
from edge.simulator.lift import Lift

STEP_S = 0.2
FLOORS = (6, 33)
FAULTS_PER_MONTH = 1.0


def messages(lifts: int, start: datetime, hours: float, every_s: float, seed: int = 1) -> Iterator[bytes]:
    """Telemetry of `lifts` lifts, one sample a message every `every_s` seconds, ordered by time.

    Lifts speak one after the other within the interval, as those of a city do.
    """
    rng = Random(seed)
    fleet = [_Speaker(number, start, every_s * number / lifts, rng) for number in range(lifts)]
    for seq in range(int(hours * 3600 / every_s)):
        for one in fleet:
            yield encode(one.speak(seq, every_s))


class _Speaker:
    def __init__(self, number: int, start: datetime, offset_s: float, rng: Random) -> None:
        self.device, self.boot = f"lift-{number:06}", UUID(int=rng.getrandbits(128), version=4)
        self.offset_s, self.rng = offset_s, Random(rng.getrandbits(64))
        self.start = start
        floors = self.rng.randint(*FLOORS)
        hour = start.hour + start.minute / 60
        self.lift = Lift(floors, self.rng, hour=hour, faults_per_month=FAULTS_PER_MONTH)

    def speak(self, seq: int, every_s: float) -> Telemetry:
        for _ in range(max(1, round(every_s / STEP_S))):
            self.lift.step(STEP_S)
        # A loop on a real machine is some milliseconds late, each time by another few.
        base = self.start + timedelta(seconds=self.offset_s + seq * every_s, microseconds=self.rng.randrange(20_000))
        sample: LiftSample = msgspec.structs.replace(self.lift.sample(), dt=0)
        return Telemetry(device=self.device, boot=self.boot, seq=seq, base=base, samples=(sample,))
