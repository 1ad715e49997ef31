"""PURE: which of the letters that tell one person one thing go out now, which wait, and which are not needed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from contracts.kinds import OutboxState


class Link(Struct, frozen=True, kw_only=True):
    """One letter of a chain as it stands in its row. A smaller `priority` goes first."""

    id: int
    priority: int
    state: OutboxState
    created_at: datetime
    released_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    undelivered_at: datetime | None = None
    receipts: bool = False
    """its gateway says whether it was delivered"""
    refused: bool = False
    """its last try certainly did not arrive"""
    answered: bool = False
    """whoever is asked has answered since: nobody needs to be asked another way"""

    @property
    def reached(self) -> bool:
        """As far as anybody can know, the person has it."""
        told = self.delivered_at is not None or (self.state is OutboxState.SENT and not self.receipts)
        return told and (self.undelivered_at is None or self.delivered_at is not None)

    @property
    def hopeless(self) -> bool:
        """Not arrived, and nothing says that it might."""
        if self.delivered_at is not None:
            return False
        return self.state in (OutboxState.FAILED, OutboxState.SPARED) or self.refused or self.undelivered_at is not None

    @property
    def since(self) -> datetime:
        return self.released_at or self.created_at


class Step(Struct, frozen=True):
    """What happens to the waiting letters of a chain; `look_at`: when to decide again at the latest."""

    release: tuple[int, ...] = ()
    spare: tuple[int, ...] = ()
    look_at: datetime | None = None
    reason: str = ""


def decide(links: Sequence[Link], now: datetime, fallback_s: float) -> Step:
    """The next step of a chain. Whoever waits is released, spared, or looked at again within `fallback_s`."""
    waiting = [link for link in links if link.state is OutboxState.WAITING]
    if not waiting:
        return Step()
    rest = tuple(link.id for link in waiting)
    if any(link.answered for link in links):
        return Step(spare=rest, reason="answered")
    if any(link.reached for link in links):
        return Step(spare=rest, reason="told another way")
    rank = min(link.priority for link in waiting)
    following = tuple(link.id for link in waiting if link.priority == rank)
    before = [link for link in links if link.state is not OutboxState.WAITING]
    current = [link for link in before if link.priority == max(one.priority for one in before)]
    if all(link.hopeless for link in current):
        return Step(release=following, reason="what came before has not arrived")
    due = _due(current, fallback_s)
    # A time that lies ahead means that the clock went back: better a letter too many.
    if due <= now or due > now + timedelta(seconds=fallback_s):
        return Step(release=following, reason=f"nothing has arrived within {fallback_s:g} s")
    return Step(look_at=due)


def _due(current: Sequence[Link], fallback_s: float) -> datetime:
    """Until when the letters under way are waited for; one that was sent gets as long again for its receipt."""
    since = max(link.since for link in current)
    sent = [link.sent_at for link in current if link.state is OutboxState.SENT and link.sent_at and not link.hopeless]
    return max(since, *sent) + timedelta(seconds=fallback_s) if sent else since + timedelta(seconds=fallback_s)
