"""PURE: which services live, from their signs of life."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from alerting.audit.facts import Beat, Kind, Trouble
from runtime.audit_settings import AuditSettings

INGEST = "ingest"
LANE = re.compile(r"^(?P<lane>event|telemetry)(?:-(?P<k>\d+)of(?P<n>\d+))?@")
FULL = 100
"""so many alarms in hand and not stored are no moment's crowd: ingest takes twice 50 at most"""

CUT_ANEW_S = 12.0
"""when the city is cut anew, workers of the old cut seem to live a little longer"""


class Share(NamedTuple):
    """What one worker of ingest takes: a lane, and the k-th of n parts of the city."""

    lane: str
    k: int
    n: int

    @property
    def words(self) -> str:
        return self.lane if self.n == 1 else f"{self.lane} {self.k}/{self.n}"


def services(beats: Sequence[Beat], limits: AuditSettings, now: datetime, began: datetime | None) -> Iterator[Trouble]:
    """A service without any living instance; one with fewer than it must have; a share of ingest that nobody takes.

    `began`: since when the auditor has been looking, so that nobody is blamed for what went before.
    """
    for service, least in limits.services.items():
        if least < 1:
            continue
        mine = [beat for beat in beats if beat.service == service]
        alive = [beat for beat in mine if lives(beat, limits, now, began)]
        last = max((beat.at for beat in mine), default=began or now)
        if not alive and (mine or began is None or now - began > timedelta(seconds=limits.service_s)):
            details = {"service": service, "seconds": max(0, round((now - last).total_seconds()))}
            yield Trouble(kind=Kind.SERVICE, subject=service, since=last, details=details)
        elif alive and service == INGEST and (began is None or now - began > timedelta(seconds=limits.service_s)):
            yield from _shares(mine, alive)
        elif alive and len(alive) < least:
            gone = max((beat.at for beat in mine if beat not in alive), default=now)
            details = {"service": service, "n": len(alive), "of": least}
            yield Trouble(kind=Kind.INSTANCES, subject=service, since=gone, grave=False, details=details)


def lives(beat: Beat, limits: AuditSettings, now: datetime, began: datetime | None) -> bool:
    """Whether it was heard lately. A sign of life from the time to come counts only while it changes."""
    silent_s = max((now - beat.at).total_seconds(), beat.unchanged_s)
    if began is not None:
        silent_s = min(silent_s, (now - began).total_seconds())
    return silent_s <= limits.service_s


def _shares(mine: Sequence[Beat], alive: Sequence[Beat]) -> Iterator[Trouble]:
    """How the city is cut, those say who live; each share of each lane must have somebody."""
    taken = {share for beat in alive if (share := share_of(beat.instance)) is not None}
    cut = {share.n for share in taken}
    heard = {share: beat.at for beat in mine if (share := share_of(beat.instance)) is not None}
    for n in sorted(cut):
        for lane in ("event", "telemetry"):
            for k in range(1, n + 1):
                share = Share(lane, k, n)
                if share not in taken:
                    since = heard.get(share) or max(beat.at for beat in alive)
                    # Alarms of that part of the city wait at the broker; telemetry alone is a lesser thing.
                    grave = lane == "event"
                    yield Trouble(
                        kind=Kind.SHARE,
                        subject=share.words,
                        since=since,
                        grave=grave,
                        hold_s=CUT_ANEW_S,
                        details={"share": share.words},
                    )


def share_of(instance: str) -> Share | None:
    """The share in the name of an instance of ingest."""
    found = LANE.match(instance)
    if found is None:
        return None
    return Share(found["lane"], int(found["k"] or 1), int(found["n"] or 1))


def links(beats: Sequence[Beat], limits: AuditSettings, now: datetime) -> Iterator[Trouble]:
    """Ingest that lives without the broker, or has more alarms in hand than it stores."""
    for beat in beats:
        share = share_of(beat.instance) if beat.service == INGEST else None
        if share is None or not lives(beat, limits, now, None):
            continue
        if beat.connected is False:
            details = {"share": share.words}
            hold = limits.connected_s
            yield Trouble(kind=Kind.BROKER, subject=share.words, since=beat.at, hold_s=hold, details=details)
        if share.lane == "event" and beat.waiting >= FULL:
            details = {"share": share.words, "n": str(beat.waiting)}
            hold = limits.connected_s
            yield Trouble(kind=Kind.BEHIND, subject=share.words, since=beat.at, hold_s=hold, details=details)
