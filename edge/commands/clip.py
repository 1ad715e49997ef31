"""`clip`: cuts one MP4 out of what is kept of an interval, not encoded again, and hands it to the centre."""

import threading
from datetime import datetime
from pathlib import Path

import httpx

from contracts.messages import Command
from edge.commands import Answer, Refused, Site, Started
from edge.commands.live import lease_of
from edge.commands.playback import LEASE, interval
from edge.live import Ended, Push
from edge.segments import CutError, Ring, cut

LARGEST = 128 * 1024 * 1024


def carry_out(site: Site, command: Command, now: datetime) -> Answer | Started:
    lease, (start, end) = lease_of(command), interval(site, command)
    push = site.pushers.open(lease, command.device, now + LEASE)
    if isinstance(push, str):
        raise Refused(push)
    out = site.folder / f"clip-{lease}.mp4"

    def work(push: Push, client: httpx.Client, stop: threading.Event) -> str:
        assert isinstance(push.ring, Ring)
        try:
            begun, ended = cut(push.ring.between(start, end), start, end, out)
            _send(push, client, stop, site, out)
        except CutError as error:
            raise Ended(str(error)) from error
        except OSError as error:
            raise Ended(f"clip: cannot be written ({error.strerror})") from error
        finally:
            out.unlink(missing_ok=True)
        return f"clip from {begun.isoformat()} to {ended.isoformat()}"

    words = f"clip from {start.isoformat()} to {end.isoformat()}"
    return Started(words, lambda stop: Answer(*site.pushers.run(push, stop, work)))


def _send(push: Push, client: httpx.Client, stop: threading.Event, site: Site, out: Path) -> None:
    size = out.stat().st_size
    if size > LARGEST:
        raise Ended(f"clip: {size // 1024 // 1024} MB, expected at most {LARGEST // 1024 // 1024}; ask for less time")
    content = out.read_bytes()
    while not push.put(client, "clip", content):
        if stop.wait(1) or site.pushers.now() >= push.until:
            raise Ended("clip: the lease was over before it was sent")
    push.sent.size += size
