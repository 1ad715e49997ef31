"""`playback`: pushes what is kept of an interval, once and in order."""

import threading
from datetime import datetime, timedelta

import httpx

from contracts.messages import Command
from edge.commands import Answer, Refused, Site, Started, moment
from edge.commands.live import lease_of
from edge.live import Ended, Push

LEASE = timedelta(minutes=15)


def carry_out(site: Site, command: Command, now: datetime) -> Answer | Started:
    lease, (start, end) = lease_of(command), interval(site, command)
    push = site.pushers.open(lease, command.device, now + LEASE)
    if isinstance(push, str):
        raise Refused(push)
    segments = push.ring.between(start, end)

    def work(push: Push, client: httpx.Client, stop: threading.Event) -> str:
        if not segments:
            raise Ended(f"nothing is kept from {start.isoformat()} to {end.isoformat()}")
        return push.run_interval(client, stop, site.pushers.now, segments)

    words = f"{len(segments)} segments from {start.isoformat()} to {end.isoformat()}"
    return Started(words, lambda stop: Answer(*site.pushers.run(push, stop, work)))


def interval(site: Site, command: Command) -> tuple[datetime, datetime]:
    """From when to when. Raises Refused."""
    start, end = moment(command, "start"), moment(command, "end")
    longest = site.live.now.live.longest_playback_s
    if not timedelta(0) < end - start <= timedelta(seconds=longest):
        raise Refused(f"end: {end.isoformat()}, expected at most {longest:g} s after {start.isoformat()}")
    return start, end
