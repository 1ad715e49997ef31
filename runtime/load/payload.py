"""PURE: the messages of an invented fleet, encoded once, with only number and time to fill in."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count as count_up
from typing import NamedTuple
from uuid import UUID

from contracts.kinds import CarStatus, Direction, Lane, Power, ServiceMode
from contracts.messages import LiftSample, Telemetry, encode
from contracts.topics import SHARDS, shard_of, topic

PREFIX = "sunlit-bench-"
"""sites and devices that begin so belong to the bench"""
PER_SITE = 10
SAMPLE_MS = 100
VARIANTS = 64
_SEQ_MARK = 2**53
_BASE_MARK = datetime(2001, 1, 1, tzinfo=UTC)


class Member(NamedTuple):
    """A device of the fleet."""

    code: str
    site: str


class Template(NamedTuple):
    """A message's bytes around its number and its time."""

    before: bytes
    between: bytes
    after: bytes

    def fill(self, seq: bytes, base: bytes) -> bytes:
        """The message; `seq` in decimal digits, `base` as `instant` writes it."""
        return b"".join((self.before, seq, self.between, base, self.after))


def fleet(devices: int) -> list[Member]:
    """The lifts of the bench, ten on a site."""
    return [Member(f"{PREFIX}{number:06}", f"{PREFIX}site-{number // PER_SITE:05}") for number in range(devices)]


def probes(workers: int) -> list[Member]:
    """Devices of which every message is timed: every worker has some, whether shards are dealt in rows or in turns."""
    count = max(workers, 4)
    shards = {number * SHARDS // count for number in range(count)} | set(range(workers))
    return [Member(f"{PREFIX}probe-{shard}", _site(shard)) for shard in sorted(shards)]


def _site(shard: int) -> str:
    """A site of the bench on a shard."""
    return next(site for number in count_up() if shard_of(site := f"{PREFIX}probe-site-{number}") == shard)


def samples(count: int, variant: int) -> tuple[LiftSample, ...]:
    """A lift on its way, `SAMPLE_MS` between two samples, all fields known; every variant is elsewhere."""
    up = variant % 2 == 0
    return tuple(
        LiftSample(
            dt=number * SAMPLE_MS,
            mode=ServiceMode.NORMAL,
            car=CarStatus.RUNNING,
            direction=Direction.UP if up else Direction.DOWN,
            floor=str(1 + (variant + number) % 30),
            door_zone=False,
            door_closed=True,
            passenger=variant % 3 > 0,
            power=Power.MAINS,
            alarm_button=False,
            speed=round((1.75 if up else -1.75) + variant / 1000, 3),
            position=round(3.0 * (variant % 30) + 0.175 * number, 3),
            load=float(75 * (variant % 8)),
            acceleration=round((number % 7 - 3) / 100, 3),
        )
        for number in range(count)
    )


def message(device: str, boot: UUID, seq: int, base: datetime, size: int, variant: int) -> bytes:
    """A whole message, encoded by the contract."""
    return encode(Telemetry(device=device, boot=boot, seq=seq, base=base, samples=samples(size, variant)))


def template(device: str, boot: UUID, size: int, variant: int) -> Template:
    """The pieces of a device's message with `size` samples."""
    whole = message(device, boot, _SEQ_MARK, _BASE_MARK, size, variant)
    before, rest = whole.split(str(_SEQ_MARK).encode())
    between, after = rest.split(_BASE_MARK.isoformat().replace("+00:00", "Z").encode())
    return Template(before, between, after)


def templates(members: Sequence[Member], boot: UUID, size: int) -> Iterator[tuple[bytes, Template]]:
    """Topic and template of every device. Variants share their bytes: a city's templates fit into memory."""
    shared = [template(members[0].code, boot, size, variant) for variant in range(min(VARIANTS, len(members)))]
    name = members[0].code.encode()
    for number, member in enumerate(members):
        variant = shared[number % len(shared)]
        before = variant.before.replace(name, member.code.encode())
        place = str(topic(member.site, member.code, Lane.TELEMETRY)).encode()
        yield place, Template(before, variant.between, variant.after)


def instant(unix_ms: int) -> bytes:
    """A time in milliseconds since 1970 as messages write it."""
    whole, rest = divmod(unix_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z".encode()
