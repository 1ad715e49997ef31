"""PURE: what incidents are like, drawn at random; the same for the same seed and number, whoever draws them."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from msgspec import Struct

from alerting.simulate.behaviour import Behaviour
from contracts.kinds import Hazard

STREAMS = 64
"""random streams of one incident: 0 is the scene, the others are crews"""
HOUR_MIN = 60


class Scene(Struct, frozen=True, kw_only=True):
    """One incident as it begins."""

    minute: int
    """of the day, by the policy's clock"""
    place_kind: str = "other"
    remote: bool = False
    people: int | None = None
    hazards: tuple[Hazard, ...] = ()
    campaigns: tuple[str, ...] = ()
    looked_at_s: float | None = None
    """an operator looks first, and so long"""
    mass_after_s: float | None = None
    """it is found to be part of a mass incident then"""


def stream(seed: int, number: int, part: int, again: int = 0) -> Random:
    """The random numbers of a part of an incident, and of its later calls."""
    return Random((seed * 1_000_000_007 + number) * STREAMS + part + (again << 96))


class Drawer:
    """Draws scenes."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.behaviour, self.seed = behaviour, seed
        self._hours = [*accumulate(behaviour.hours.weights)]
        self._kinds = [*behaviour.scene.place_kinds]
        self._shares = [*accumulate(behaviour.scene.place_kinds.values())]

    def scene(self, number: int) -> Scene:
        """The incident of that number."""
        random, given = stream(self.seed, number, 0), self.behaviour.scene
        hour = _pick(random, self._hours)
        return Scene(
            minute=hour * HOUR_MIN + int(random.random() * HOUR_MIN),
            place_kind=self._kinds[_pick(random, self._shares)],
            remote=random.random() < given.remote,
            people=self._people(random),
            hazards=tuple(hazard for hazard, share in given.hazards.items() if random.random() < share),
            campaigns=tuple(code for code, share in given.campaigns.items() if random.random() < share),
            looked_at_s=_lognormal(random, given.look_median_s, given.look_sigma)
            if random.random() < given.looked_at
            else None,
            mass_after_s=random.random() * given.mass_after_s if random.random() < given.mass else None,
        )

    def _people(self, random: Random) -> int:
        given = self.behaviour.people
        count, left = 1, random.expovariate(1.0)
        while left < given.more and count < given.most:
            count, left = count + 1, left + random.expovariate(1.0)
        return count


def _pick(random: Random, sums: Sequence[float]) -> int:
    return bisect(sums, random.random() * sums[-1], hi=len(sums) - 1)


def _lognormal(random: Random, median: float, sigma: float) -> float:
    return median * random.lognormvariate(0.0, sigma)
