"""PURE: what a kitchen's camera and its sensors say of themselves."""

from math import sin
from random import Random

from contracts.kinds import CameraState
from contracts.messages import CameraSample, ClimateSample

FRAMES_PER_S, LOOKS_PER_S = 25, 2
DEGRADED_SHARE = 0.04
"""cameras that cannot be relied on today; invented"""
ROOM_C = 22.0


class Camera:
    """A camera in a kitchen; some are out of order from the beginning."""

    __slots__ = ("blind_until", "degraded", "said")

    def __init__(self, now: float, random: Random) -> None:
        self.degraded, self.said, self.blind_until = random.random() < DEGRADED_SHARE, now, 0.0

    def sample(self, now: float, cooking: float, random: Random) -> CameraSample:
        """What was seen since the last sample; `cooking` is 1 in an average hour."""
        seconds, self.said = max(0.0, now - self.said), now
        if self.degraded or now < self.blind_until:
            return CameraSample(state=CameraState.DEGRADED)
        people = min(12, int(random.expovariate(1.0) * 2 * cooking))
        looks = int(seconds * LOOKS_PER_S)
        return CameraSample(
            state=CameraState.ACTIVE,
            frames=int(seconds * FRAMES_PER_S),
            looks=looks,
            detections=looks * people,
            people=people,
        )


class Room:
    """A kitchen's sensor: its room is warm when it is busy."""

    __slots__ = ("base",)

    def __init__(self, random: Random) -> None:
        self.base = ROOM_C + random.uniform(-2.0, 1.5)

    def sample(self, now: float, cooking: float, random: Random) -> ClimateSample:
        swing = sin(now / 1800.0) + min(2.0, cooking) * 0.5
        return ClimateSample(
            temperature=round(self.base + swing + random.uniform(-0.2, 0.2), 1),
            humidity=round(60.0 + 5.0 * swing + random.uniform(-1.0, 1.0), 1),
            door_open=random.random() < 0.1,
            uv_lamp=cooking < 0.05,
        )
