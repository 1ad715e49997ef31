"""Where the edge's duties put what they have to say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from contracts.kinds import Phase, Rule
from contracts.messages import AnySample, Evidence
from contracts.vision import Box, ModelRef

Details = Mapping[str, str | bool | int | float | None]


class EventDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An event without what the sink adds (boot, sequence number). `id` is the one that `start` was given."""

    device: str
    rule: Rule
    phase: Phase
    at: datetime
    observed: datetime
    id: UUID | None = None
    rev: int = 0
    subject: str = ""
    zone: str = ""
    confidence: float = 1.0
    model: ModelRef | None = None
    box: Box | None = None
    evidence: tuple[Evidence, ...] = ()
    source_scheme: str = ""
    source_code: str = ""
    details: Details = {}


class Sink(Protocol):
    """Takes samples and events durably; returns only when they are safe on disk."""

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        """A batch of samples of one device; their `dt` counts from `base`."""
        ...

    def event(self, draft: EventDraft) -> UUID:
        """One revision of an event; returns its identity, new for a draft without one."""
        ...

    def health(self, device: str, state: str) -> None:
        """How a device does, in a word or two, for its next status."""
        ...

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        """What else its status shall say, by name; what was said under other names stays."""
        ...
