"""Topic names: `sunlit/v1/{shard}/{site}/{device}/{lane}`."""

import re
from typing import NamedTuple
from zlib import crc32

from contracts.kinds import Lane

ROOT = "sunlit/v1"
SHARDS = 64
NAME = re.compile(r"^[a-z0-9][a-z0-9-]{1,62}$")


class BadTopic(ValueError):
    """A topic that is not ours; the text says what was expected."""


class Topic(NamedTuple):
    shard: int
    site: str
    device: str
    lane: Lane

    def __str__(self) -> str:
        return f"{ROOT}/{self.shard:02d}/{self.site}/{self.device}/{self.lane}"


def shard_of(site: str) -> int:
    """The shard (0-63) of a site: all devices of one site stay in order with one ingest worker."""
    return crc32(site.encode()) % SHARDS


def topic(site: str, device: str, lane: Lane) -> Topic:
    """The topic on which a device of a site speaks or listens. Raises BadTopic for a name that no topic may hold."""
    for field, value in (("site", site), ("device", device)):
        if not NAME.match(value):
            raise BadTopic(f"{field}: {value!r}, expected 2-63 of a-z, 0-9 and '-'")
    return Topic(shard_of(site), site, device, lane)


def parse(text: str) -> Topic:
    """The parts of a topic. Raises BadTopic."""
    parts = text.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT:
        raise BadTopic(f"topic: {text!r}, expected {ROOT}/shard/site/device/lane")
    _, _, shard, site, device, lane = parts
    try:
        found = topic(site, device, Lane(lane))
    except ValueError as error:
        raise BadTopic(f"topic: {text!r}: {error}") from error
    if shard != f"{found.shard:02d}":
        raise BadTopic(f"shard: {shard!r}, expected {found.shard:02d} for site {site!r}")
    return found


def subscription(lane: Lane, shards: range | None = None) -> list[str]:
    """Filters for a lane: all shards, or those of one worker."""
    if shards is None:
        return [f"{ROOT}/+/+/+/{lane}"]
    return [f"{ROOT}/{shard:02d}/+/+/{lane}" for shard in shards]
