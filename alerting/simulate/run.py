"""Plays many incidents on all cores. What comes out depends on the seed alone, not on how many processes there are."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from alerting.lift_policy import LiftPolicy
from alerting.simulate.behaviour import Behaviour
from alerting.simulate.figures import Table, gather, joined
from alerting.simulate.play import Player
from alerting.simulate.scenes import Drawer, Scene

CHUNK = 1000
ALONE = 3000
"""fewer incidents than these are played faster than another process has started"""


class Job(NamedTuple):
    """Some incidents under every policy."""

    policies: Sequence[LiftPolicy]
    behaviour: Behaviour
    seed: int
    first: int
    size: int
    scenes: Sequence[Sequence[Scene]]
    """by policy, of history; empty: drawn"""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def simulate(
    policies: Sequence[LiftPolicy],
    behaviour: Behaviour,
    seed: int,
    count: int,
    *,
    history: Sequence[Sequence[Scene]] = (),
    processes: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Table]:
    """The outcomes of the same incidents under each policy. `history`: scenes by policy instead of drawn ones."""
    jobs = [*_jobs(policies, behaviour, seed, count, history)]
    workers = processes or cores()
    parts: list[list[Table]] = []
    if workers == 1 or count < ALONE:
        for job in jobs:
            parts.append(work(job))
            progress(job.size)
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for job, part in zip(jobs, pool.map(work, jobs), strict=True):
                parts.append(part)
                progress(job.size)
    return [joined([part[place] for part in parts]) for place in range(len(policies))]


def _jobs(
    policies: Sequence[LiftPolicy],
    behaviour: Behaviour,
    seed: int,
    count: int,
    history: Sequence[Sequence[Scene]],
) -> Iterator[Job]:
    for first in range(0, count, CHUNK):
        size = min(CHUNK, count - first)
        yield Job(policies, behaviour, seed, first, size, [scenes[first : first + size] for scenes in history])


def work(job: Job) -> list[Table]:
    """One job, in whatever process."""
    drawer = Drawer(job.behaviour, job.seed)
    drawn = [] if job.scenes else [drawer.scene(job.first + place) for place in range(job.size)]
    found = []
    for place, policy in enumerate(job.policies):
        player = Player(policy, job.behaviour, job.seed)
        scenes = job.scenes[place] if job.scenes else drawn
        found.append(gather([player.play(job.first + number, scene) for number, scene in enumerate(scenes)]))
    return found
