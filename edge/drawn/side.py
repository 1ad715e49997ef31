"""Where things of a head lie on the picture."""

from math import cos, radians, sin

from edge.drawn.pen import Point
from edge.drawn.person import Pose


class Side:
    """Where things of the head lie on the picture when it is turned by `yaw` degrees."""

    def __init__(self, pose: Pose) -> None:
        self.x, self.y = pose.x, pose.y
        self.b = pose.head / 2
        self.a = self.b * 0.76
        self.yaw = radians(pose.yaw)
        self.front = cos(self.yaw)
        self.profile = abs(sin(self.yaw))

    def at(self, degrees: float, height: float, out: float = 0.96) -> Point:
        """A point of the surface: degrees to the right of the nose, height from -1 (crown) to 1 (chin)."""
        ring = (max(0.0, 1 - height * height * 0.72)) ** 0.5
        return self.x + self.a * ring * out * sin(self.yaw + radians(degrees)), self.y + self.b * height

    def seen(self, degrees: float) -> float:
        """How much a point of the surface looks at us: 1 full, below 0 away."""
        return cos(self.yaw + radians(degrees))
