"""The events of one device: one identity from start to end, also across a restart of the agent.

What is open stands in a small file. A revision is written there first, then given to the sink, then marked as said: a
crash in between says it twice under one identity, which the centre counts as a duplicate, and never not at all.
"""

import logging
import os
from datetime import datetime
from pathlib import Path
from time import time_ns

import msgspec

from contracts.ids import uuid7
from contracts.kinds import Phase, Rule
from edge import whole
from edge.rules import Decision
from edge.sink import EventDraft, Sink

LONGEST_CODE = 64
log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    draft: EventDraft
    said: bool


class OpenEvents:
    """Speaks for a device. Without a file it remembers as long as it lives."""

    def __init__(self, device: str, sink: Sink, path: Path | None = None) -> None:
        self.device, self.sink, self.path = device, sink, path
        self._open: dict[tuple[Rule, str], Entry] = {}
        self._fault, self._begun = "", False

    def resume(self) -> list[tuple[Rule, str, datetime]]:
        """Says what a crash left unsaid, and returns what is open: rule, subject, when it began."""
        entries = list(self._open.values()) if self._begun else self._read()
        self._begun = True
        self._open = {(entry.draft.rule, entry.draft.subject): entry for entry in entries}
        for entry in entries:
            if not entry.said:
                self.tell(entry.draft)
        opened = [entry.draft for entry in self._open.values()]
        if opened:
            log.warning("%s: still open after a restart: %s", self.device, ", ".join(draft.rule for draft in opened))
        return [(draft.rule, draft.subject, draft.at) for draft in opened]

    @property
    def open(self) -> list[EventDraft]:
        """The newest revision of every event that has not ended."""
        return [entry.draft for entry in self._open.values()]

    def known(self, rule: Rule, subject: str) -> EventDraft | None:
        entry = self._open.get((rule, subject))
        return entry.draft if entry is not None else None

    def say(
        self, decision: Decision, at: datetime, observed: datetime, source: tuple[str, tuple[str, ...]] = ("", ())
    ) -> None:
        """One revision; `at` counts for the first, the later ones keep it. `source`: the vendor's scheme and codes."""
        known = self.known(decision.rule, decision.subject)
        self.tell(
            EventDraft(
                device=self.device,
                rule=decision.rule,
                phase=decision.phase,
                at=known.at if known else at,
                observed=observed,
                id=known.id if known else uuid7(time_ns() // 1_000_000, os.urandom(10)),
                rev=known.rev + 1 if known else 0,
                subject=decision.subject,
                confidence=decision.confidence,
                source_scheme=source[0],
                source_code=",".join(source[1])[:LONGEST_CODE],
                details={**decision.details, "reason": decision.reason},
            )
        )
        log.warning("%s: %s %s: %s", self.device, decision.rule, decision.phase, decision.reason)

    def tell(self, draft: EventDraft) -> None:
        """One revision as it stands: written down, given to the sink, marked as said."""
        key = (draft.rule, draft.subject)
        self._open[key] = Entry(draft, False)
        self._write()
        self.sink.event(draft)
        if draft.phase is Phase.END:
            del self._open[key]
        else:
            self._open[key] = Entry(draft, True)
        self._write()

    def _read(self) -> list[Entry]:
        if self.path is None:
            return []
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[Entry])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            log.error("%s: %s cannot be read (%s); open events may be said anew", self.device, self.path, error)
            return []

    def _write(self) -> None:
        if self.path is None:
            return
        fault = ""
        try:
            whole.write(self.path, msgspec.json.encode(list(self._open.values())))
        except OSError as error:
            # The alarm goes out all the same; only a restart would not know of it.
            fault = f"{self.path} cannot be written ({error.strerror}); free the disk"
        if fault and fault != self._fault:
            log.error("%s: %s", self.device, fault)
        self._fault = fault
