"""`live`: pushes a camera's video for as long as the lease lasts; the same lease again renews it, 0 seconds end it."""

import threading
from datetime import datetime
from uuid import UUID

import httpx

from contracts.messages import Command
from edge.commands import Answer, Refused, Site, Started, seconds, text
from edge.live import Push

LONGEST_S = 120


def carry_out(site: Site, command: Command, now: datetime) -> Answer | Started:
    lease, span = lease_of(command), seconds(command, "seconds", 0, LONGEST_S)
    if not span:
        ended = site.pushers.end(lease, command.device)
        return Answer(ended, "ends" if ended else "this lease does not run")
    if site.pushers.renew(lease, command.device, now + span):
        return Answer(True, f"renewed for {span.total_seconds():.0f} s")
    push = site.pushers.open(lease, command.device, now + span)
    if isinstance(push, str):
        raise Refused(push)

    def work(push: Push, client: httpx.Client, stop: threading.Event) -> str:
        return push.run_live(client, stop, site.pushers.now)

    return Started(f"live for {span.total_seconds():.0f} s", lambda stop: Answer(*site.pushers.run(push, stop, work)))


def lease_of(command: Command) -> UUID:
    """The lease of a view; nobody looks without a name and a reason. Raises Refused."""
    text(command, "by")
    text(command, "why")
    named = text(command, "lease")
    try:
        return UUID(named)
    except ValueError as error:
        raise Refused(f"lease: {named!r}, expected a UUID") from error
