"""PURE: the rescues and findings of the days before, as rows: what pages with statistics need, all of it invented."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import NamedTuple
from uuid import UUID

from contracts.ids import uuid7
from contracts.kinds import Rule
from runtime.simulate import rates
from runtime.simulate.happenings import sight
from runtime.simulate.register import Row

DAY = timedelta(days=1)
RECTIFIED_SHARE = 0.937
"""published: Ordos, of 62,470 findings"""
TIERS = (1, 2, 3), (0.9901, 0.0098, 0.0001)
"""published: Guizhou"""
LONGEST_OPEN = timedelta(days=60)
"""then somebody went there; invented"""
LEVELS = {"overdue_yellow": 2, "overdue_red": 3}
CLASSES = {Rule.CAMERA_BLIND: "D", Rule.STRANGER: "I"}


class Ground(NamedTuple):
    """What the past happened to: ids of the register."""

    lifts: Sequence[tuple[int, int]]
    """passenger lifts with their maintenance unit"""
    cameras: Sequence[tuple[int, int]]
    """cameras with their kitchen"""
    lift_policy: int
    kitchen_policy: int


class Past(NamedTuple):
    """Rows by table, without ids: those of incidents and findings count from 1. Columns: `store.PAST_COLUMNS`."""

    incident: list[Row]
    dispatch: list[Row]
    incident_entry: list[Row]
    finding: list[Row]
    finding_entry: list[Row]


def past(seed: int, days: int, ground: Ground, today: datetime) -> Past:
    """The days before `today` (a midnight), oldest first; the same for the same seed."""
    random, made = Random(seed), Past([], [], [], [], [])
    for back in range(days, 0, -1):
        day = today - back * DAY
        trapped = [at for hour in range(24) for at in _times(random, day, hour, rates.trapped_per_s, len(ground.lifts))]
        for number, at in enumerate(trapped, 1):
            _rescue(random, made, ground, at, f"R{at:%Y%m%d}-{number:04d}", today)
        kitchens = len({kitchen for _, kitchen in ground.cameras})
        seen = [at for hour in range(24) for at in _times(random, day, hour, rates.findings_per_s, kitchens)]
        for number, at in enumerate(seen, 1):
            _finding(random, made, ground, at, f"F{at:%Y%m%d}-{number:04d}", today)
    return made


def _times(random: Random, day: datetime, hour: int, rate: rates.Rate, size: int) -> Iterator[datetime]:
    """When something happened in an hour of the city's clock."""
    count = rates.happenings(random, rate(size, (hour + rates.CITY_HOUR_OFFSET) % 24) * 3600)
    yield from sorted(day + timedelta(hours=hour, seconds=random.uniform(0, 3599)) for _ in range(count))


def _id(random: Random, at: datetime) -> UUID:
    return uuid7(int(at.timestamp() * 1000), random.randbytes(10))


def _rescue(random: Random, made: Past, ground: Ground, at: datetime, number: str, today: datetime) -> None:
    lift, unit = random.choice(ground.lifts)
    level = random.random() >= rates.NON_LEVEL_SHARE
    opened = at + timedelta(seconds=90 if level else 30)
    tier = random.choices(*TIERS)[0]
    accepted = opened + timedelta(seconds=rates.accept_s(random) + (180 if tier > 1 else 0))
    arrived = max(at + timedelta(seconds=rates.arrival_s(random)), accepted + timedelta(seconds=60))
    released = arrived + timedelta(seconds=rates.release_s(random))
    closed = max(released, min(released + timedelta(hours=random.uniform(0.5, 40)), today))
    rule = Rule.TRAPPED_LEVEL if level else Rule.TRAPPED_NON_LEVEL
    row = len(made.incident) + 1
    made.incident.append(
        (
            *(row, number, lift, _id(random, at), rule.value, "closed", tier, ground.lift_policy, rates.people(random)),
            *(at, opened, opened, opened, accepted, arrived, released, released, closed),
            *(rates.cause(random), rates.method(random)),
        )
    )
    link = sha256(number.encode()).hexdigest()
    made.dispatch.append(
        (row, 1, unit, "released", opened, accepted, accepted, arrived, "qr", released, released, link, released)
    )
    made.incident_entry.append((row, opened, "simulate", "invented", "the past of an invented city", tier, 1))


def _finding(random: Random, made: Past, ground: Ground, at: datetime, number: str, today: datetime) -> None:
    device, kitchen = random.choice(ground.cameras)
    plan = sight(random, at.timestamp(), 1.0)
    while plan.rule is Rule.CLIMATE:  # no camera sees that
        plan = sight(random, at.timestamp(), 1.0)
    kind = CLASSES.get(plan.rule, "II")
    rectified = at + timedelta(hours=min(300.0, random.lognormvariate(1.8, 1.0)))
    verified = rectified + timedelta(hours=random.uniform(1, 60))
    done = random.random() < RECTIFIED_SHARE
    state = "closed" if done and verified < today else "rectified_claimed" if done and rectified < today else "pushed"
    if today - at > LONGEST_OPEN:
        state, rectified, verified = "closed", at + LONGEST_OPEN / 2, at + LONGEST_OPEN
    elif not done and today - at > 5 * DAY:
        state = "overdue_red" if today - at > 10 * DAY else "overdue_yellow"
    is_rectified, is_closed = state in ("closed", "rectified_claimed"), state == "closed"
    row = len(made.finding) + 1
    made.finding.append(
        (
            *(row, number, kitchen, device, _id(random, at), plan.rule.value, kind, state, plan.confidence),
            *(ground.kitchen_policy, at, at, at, *_due(state, at, rectified, today)),
            *(rectified if is_rectified else None, verified if is_closed else None),
            *("simulate" if is_closed else "", verified if is_closed else None),
            *(at, LEVELS.get(state, 0)),
        )
    )
    made.finding_entry.append((row, at, "simulate", "invented", "the past of an invented city", 1))


def _due(state: str, at: datetime, rectified: datetime, today: datetime) -> tuple[datetime | None, str]:
    """The next step by the default policy, so that the centre does not write thousands of reminders for the past."""
    if state == "pushed":
        return (at + DAY, "put right") if today - at < DAY else (at + 5 * DAY, "yellow")
    if state == "rectified_claimed":
        return rectified + 3 * DAY, "review"
    if state == "overdue_yellow":
        return at + 10 * DAY, "red"
    if state == "overdue_red":
        return at + (10 + 7 * ((today - at - 10 * DAY) // (7 * DAY) + 1)) * DAY, "reminder"
    return None, ""


def midnight(now: datetime) -> datetime:
    """The beginning of the day in UTC, from which on the centre numbers its own."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
