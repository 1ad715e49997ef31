"""What an agent says of its devices every few seconds: counts, losses, and how everything does."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.messages import Status
from edge.centre_clock import Offset
from edge.losses import Lost, on_the_wire
from edge.priority import Priority
from edge.spool import Spool
from runtime.certificate import NotACertificate, validity

LONGEST = 500
MOST_FACTS = 64


class Said(NamedTuple):
    """A status and the losses that it names: told, once the broker has taken it."""

    status: Status
    losses: tuple[Lost, ...]


def status_of(
    device: str,
    *,
    boot: UUID,
    spool: Spool,
    now: datetime,
    online: bool,
    agent: str,
    health: Mapping[str, str],
    offset: Offset | None,
    keeper: bool,
) -> Said:
    """The status of one device; `keeper` is the agent itself, which speaks for the whole spool."""
    found = spool.report(device)
    said = Status(
        device=device,
        boot=boot,
        at=now,
        online=online,
        agent=agent,
        published_telemetry=found.published_telemetry,
        published_event=found.published_event,
        lost_telemetry=found.lost_telemetry,
        lost_event=found.lost_event,
        losses=tuple(on_the_wire(lost) for lost in found.losses),
        spooled=spool.count if keeper else 0,
        clock_offset_ms=offset.ms if offset else None,
        health=_fitting(health),
    )
    return Said(said, found.losses)


def queue_words(depths: Mapping[Priority, int], size: int, limit: int) -> dict[str, str]:
    """The spool in words."""
    words = {f"queue_{level}": str(count) for level, count in depths.items()}
    return words | {"spool_mb": f"{size / 1e6:.1f} of {limit / 1e6:.0f}"}


def clock_words(offset: Offset | None) -> dict[str, str]:
    """How exact the offset is; without one the centre must not believe that the clock is right."""
    return {"clock": f"within {offset.error_ms} ms" if offset else "not measured"}


def certificate_words(path: str | None) -> dict[str, str]:
    """Until when the agent's own certificate holds, so that the centre sees it coming."""
    if path is None:
        return {}
    try:
        return {"certificate": f"until {validity(Path(path).read_text('utf-8')).ends:%Y-%m-%d}"}
    except (NotACertificate, OSError, UnicodeDecodeError):
        return {"certificate": "cannot be read"}


def _fitting(health: Mapping[str, str]) -> dict[str, str]:
    """What the contract allows: a fact too long must not cost the whole status."""
    kept = list(health.items())[:MOST_FACTS]
    return {name[:64]: text.encode("utf-8", "replace").decode("utf-8")[:LONGEST] for name, text in kept}
