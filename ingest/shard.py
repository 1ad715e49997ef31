"""PURE: which part of the city one worker carries. A site's shard is a number in its topics (contracts.topics)."""

import re
from typing import NamedTuple

from contracts.topics import SHARDS

FORM = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)


class Shard(NamedTuple):
    """Worker `number` of `workers`, counted from 1. The same words name the same sessions at the broker."""

    number: int
    workers: int

    @property
    def numbers(self) -> range | None:
        """The shards in the topic that are this worker's; None: all."""
        return None if self.workers == 1 else range(self.number - 1, SHARDS, self.workers)

    @property
    def suffix(self) -> str:
        return "" if self.workers == 1 else f"-{self.number}of{self.workers}"


WHOLE = Shard(1, 1)


def shard(text: str) -> Shard:
    """`2/4` as a shard. Raises ValueError."""
    found = FORM.fullmatch(text)
    number, workers = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= workers <= SHARDS:
        raise ValueError(f"shard: {text!r}, expected K/N with 1 <= K <= N <= {SHARDS}, such as 2/4")
    return Shard(number, workers)
