"""PURE: TimescaleDB's policies, from the settings; runtime.storage.timescale brings a database to them."""

from collections.abc import Iterable
from typing import NamedTuple

from runtime.settings import RetentionSettings, TimescaleSettings
from runtime.storage.rollups import KINDS, ROLLUPS, SAMPLES, WIDTHS

MINUTE, HOUR, DAY = 60, 3600, 86_400
LIVE_S = 10 * MINUTE
"""so far back the rollup of minutes is refreshed every minute; the rest waits for the look for late samples"""
COLUMNSTORE, RETENTION, REFRESH = "policy_compression", "policy_retention", "policy_refresh_continuous_aggregate"


class Policy(NamedTuple):
    """A job of TimescaleDB. Seconds; `after` is the age at which it acts, or the start of what it refreshes."""

    job: str
    relation: str
    after: int
    every: int
    until: int = 0


def wanted(retention: RetentionSettings, timescale: TimescaleSettings) -> list[Policy]:
    """All that a database must have, and no other."""
    return [*_columnstore(timescale), *_retention(retention), *_refresh(retention, timescale)]


def _columnstore(timescale: TimescaleSettings) -> Iterable[Policy]:
    for relation in (*SAMPLES, *ROLLUPS):
        yield Policy(COLUMNSTORE, relation, timescale.columnstore_after_hours * HOUR, HOUR)


def _retention(retention: RetentionSettings) -> Iterable[Policy]:
    days = {"sample": retention.raw_days, "minute": retention.minute_days}
    days |= {"hour": retention.hour_days, "day": retention.day_days}
    for relation in (*SAMPLES, *ROLLUPS):
        kept = days[relation.partition("_")[2]]
        if kept:
            yield Policy(RETENTION, relation, kept * DAY, DAY)


def _refresh(retention: RetentionSettings, timescale: TimescaleSettings) -> Iterable[Policy]:
    """A late sample makes the whole span from it to the newest of its batch and chunk invalid, for all devices.

    So the minutes that are new are refreshed on their own, often, and what lies further back less often.
    """
    late, every = retention.late_days * DAY, timescale.late_every_minutes * MINUTE
    for kind in KINDS:
        yield Policy(REFRESH, f"{kind}_minute", LIVE_S, MINUTE, MINUTE)
        yield Policy(REFRESH, f"{kind}_minute", late, every, LIVE_S)
        for width, seconds in zip(WIDTHS[1:], (HOUR, DAY), strict=True):
            yield Policy(REFRESH, f"{kind}_{width}", late, every, seconds)


def changes(want: list[Policy], found: dict[int, Policy]) -> tuple[list[int], list[Policy]]:
    """The jobs to delete and the policies to add."""
    kept = set(found.values())
    return [job for job, policy in found.items() if policy not in want], [one for one in want if one not in kept]
