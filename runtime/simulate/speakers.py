"""PURE: the devices that speak: each with its boot, its counts and its behaviour, and whose turn it is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from contracts.kinds import DeviceKind, Lane, Phase, Rule
from contracts.messages import AnySample, Event, Status, Telemetry, encode
from contracts.topics import topic
from runtime.simulate.kitchens import Camera, Room
from runtime.simulate.lifts import Car

AGENT = "sunlit-simulate"
MOST_CHANGES, LONGEST_PAST_S = 100, 3600.0
"""after a pause of this process the past is told only so far"""


class Member(NamedTuple):
    """A device that speaks, with what its behaviour depends on."""

    device_id: int
    code: str
    kind: DeviceKind
    site: str
    lift: str
    """the lift's code"""
    kitchen_id: int
    floors: int
    speed: float
    """m/s"""
    passenger: bool
    zone: str


def instant(seconds: float) -> datetime:
    """UTC from seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class Speaker:
    """One device. A message is counted once it was handed over, so that there are never holes."""

    __slots__ = ("body", "boot", "events", "member", "prefix", "telemetry")

    def __init__(self, member: Member, boot: UUID, now: float, random: Random) -> None:
        self.member, self.boot, self.telemetry, self.events = member, boot, 0, 0
        self.prefix = str(topic(member.site, member.code, Lane.STATUS)).removesuffix(Lane.STATUS)
        self.body: Car | Camera | Room | None = None
        if member.kind is DeviceKind.LIFT:
            self.body = Car(member.floors, member.speed, now, random)
        elif member.kind is DeviceKind.CAMERA:
            self.body = Camera(now, random)
        elif member.kind is DeviceKind.KITCHEN_SENSOR:
            self.body = Room(random)

    def samples(self, now: float, busy: float, random: Random, changes: bool) -> tuple[float, tuple[AnySample, ...]]:
        """The time base and what there is to say of the time up to `now`."""
        body = self.body
        if isinstance(body, Car):
            passed = [(at, body.sample(at, 0)) for at in body.advance(now, busy, random)]
            told = [(at, sample) for at, sample in passed if changes and now - at < LONGEST_PAST_S][-MOST_CHANGES:]
            base = told[0][0] if told else now
            last = (now, body.sample(now, 0))
            return base, tuple(replace(sample, dt=int((at - base) * 1000)) for at, sample in (*told, last))
        if body is None:
            return now, ()
        return now, (body.sample(now, busy, random),)

    def say(self, base: float, samples: tuple[AnySample, ...]) -> bytes:
        """The next telemetry message."""
        return encode(
            Telemetry(device=self.member.code, boot=self.boot, seq=self.telemetry, base=instant(base), samples=samples)
        )

    def status(self, now: float, online: bool) -> bytes:
        """What the device says of itself, with its counts."""
        return encode(
            Status(
                device=self.member.code,
                boot=self.boot,
                at=instant(now),
                online=online,
                agent=AGENT,
                published_telemetry=self.telemetry,
                published_event=self.events,
                losses=(),
                clock_offset_ms=0,
            )
        )

    def tell(
        self,
        event_id: UUID,
        rule: Rule,
        phase: Phase,
        *,
        rev: int,
        began: float,
        now: float,
        details: Mapping[str, str | int | float | bool | None],
        subject: str = "",
        confidence: float = 1.0,
    ) -> bytes:
        """The next event message."""
        return encode(
            Event(
                id=event_id,
                rev=rev,
                device=self.member.code,
                boot=self.boot,
                seq=self.events,
                phase=phase,
                rule=rule,
                at=instant(began),
                observed=instant(now),
                subject=subject,
                zone=self.member.zone,
                confidence=confidence,
                clock_offset_ms=0,
                details=details,
            )
        )


class Flock:
    """Speakers who take turns, evenly spread over a period."""

    def __init__(self, speakers: Sequence[Speaker], period: float, now: float) -> None:
        self.speakers, self.period, self.began = speakers, period, now
        self.turn = self.skipped = 0

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.speakers) / self.period

    def due(self, now: float, most: int) -> Sequence[Speaker]:
        """Who is due and was not asked yet, `most` at once. Who missed a whole round is skipped and counted."""
        size = len(self.speakers)
        wanted = int((now - self.began) * self.rate)
        if wanted - self.turn > size:
            self.skipped += wanted - size - self.turn
            self.turn = wanted - size
        count = min(wanted - self.turn, most)
        first = self.turn % size if size else 0
        self.turn += count
        chosen = self.speakers[first : first + count]
        return [*chosen, *self.speakers[: count - len(chosen)]] if len(chosen) < count else chosen
