"""The clip of an event: cut when its last second has been recorded, named by its hash, and never forgotten half-way."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from av.error import FFmpegError

from contracts.kinds import Phase, Rule
from contracts.messages import Evidence
from edge import whole
from edge.config import ClipConfig
from edge.outbox import Outbox
from edge.sink import EventDraft, Sink

log = logging.getLogger(__name__)
POLL_S = 0.5
MEDIA = "video/mp4"
MOST_TRIES = 8
LONGEST = timedelta(seconds=120)
"""an event that took longer to decide has its beginning in the picture, not in the clip"""

Cutter = Callable[[str, datetime, datetime, Path], tuple[datetime, datetime]]
"""Writes what a camera recorded between two instants as an MP4; which instants that really are.

Raises one of NO_CLIP when there is nothing yet or it cannot be read.
"""
NO_CLIP = (OSError, ValueError, RuntimeError, FFmpegError)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that is still to make, as it lies on the disk. With `evidence` it is cut and only to hand over."""

    event: UUID
    device: str
    rule: Rule
    at: datetime
    subject: str
    zone: str
    confidence: float
    advisory: bool
    start: datetime
    end: datetime
    not_before: datetime
    tries: int = 0
    evidence: Evidence | None = None


class Clips:
    """A folder is the list of what is to do: a file for each event, gone only when all of it is done."""

    def __init__(
        self,
        folder: Path,
        cut: Cutter,
        outbox: Outbox,
        sink: Sink,
        config: ClipConfig,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder, self.cut, self.outbox, self.sink, self.now = folder, cut, outbox, sink, now
        self.before, self.after = timedelta(seconds=config.before_s), timedelta(seconds=config.after_s)
        self.slack = timedelta(seconds=config.slack_s)
        self.folder.mkdir(parents=True, exist_ok=True)

    def want(self, event: UUID, draft: EventDraft) -> None:
        """Notes durably that an event that has begun shall have a clip; without room for the note it has none."""
        end = draft.observed + self.after
        wanted = Wanted(
            event=event,
            device=draft.device,
            rule=draft.rule,
            at=draft.at,
            subject=draft.subject,
            zone=draft.zone,
            confidence=draft.confidence,
            advisory=draft.details.get("advisory") is True,
            start=max(draft.at, draft.observed - LONGEST) - self.before,
            end=end,
            # The segment that holds the last second is whole only a little later.
            not_before=end + self.slack,
        )
        try:
            self._note(wanted)
        except OSError as error:
            log.error("clips: event %s of %s goes without its clip: %s", event, draft.device, error)

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        while not stop.wait(POLL_S):
            self.work()

    def work(self) -> None:
        """Makes the clips that are due."""
        for path in sorted(self.folder.glob("*.json")):
            wanted = self._read(path)
            if wanted is not None and wanted.not_before <= self.now():
                self._make(wanted)

    def _make(self, wanted: Wanted) -> None:
        file = self.folder / f"{wanted.event}.mp4"
        try:
            if wanted.evidence is None:
                wanted = self._cut(wanted, file)
        except NO_CLIP as error:
            self._again(wanted, " ".join(str(error).split()))
            return
        assert wanted.evidence is not None
        try:
            self.outbox.clip(wanted.event, wanted.device, file, wanted.evidence, advisory=wanted.advisory)
        except OSError as error:
            # The outbox has counted it; what has no room now would only take it from what is newer.
            log.error("clips: event %s of %s goes without its clip: %s", wanted.event, wanted.device, error)
        else:
            self._tell(wanted, wanted.evidence)
        self._forget(wanted)

    def _cut(self, wanted: Wanted, file: Path) -> Wanted:
        """Cuts, and writes down what came of it: after a crash the same file is handed over, not another one."""
        # Written before the cutting: what kills the agent each time is not tried for ever.
        wanted = msgspec.structs.replace(wanted, tries=wanted.tries + 1)
        self._note(wanted)
        part = file.with_suffix(".part.mp4")
        start, end = self.cut(wanted.device, wanted.start, wanted.end, part)
        with part.open("rb") as made:
            digest = hashlib.file_digest(made, "sha256").hexdigest()
            os.fsync(made.fileno())
        part.replace(file)
        evidence = Evidence(sha256=digest, media=MEDIA, captured=start)
        wanted = msgspec.structs.replace(wanted, start=start, end=end, evidence=evidence)
        self._note(wanted)
        return wanted

    def _tell(self, wanted: Wanted, evidence: Evidence) -> None:
        """An update of the event that names its clip; told twice after a crash it is one revision more."""
        self.sink.event(
            EventDraft(
                device=wanted.device,
                rule=wanted.rule,
                phase=Phase.UPDATE,
                at=wanted.at,
                observed=self.now(),
                id=wanted.event,
                rev=1,
                subject=wanted.subject,
                zone=wanted.zone,
                confidence=wanted.confidence,
                evidence=(evidence,),
                details={"reason": "clip", "clip_s": round((wanted.end - wanted.start).total_seconds(), 1)},
            )
        )

    def _again(self, wanted: Wanted, reason: str) -> None:
        # The count on the disk is the one that holds: `_cut` has raised it.
        noted = self._read(self._path(wanted.event)) or wanted
        if noted.tries >= MOST_TRIES:
            log.error("clips: event %s of %s goes without its clip: %s", wanted.event, wanted.device, reason)
            self.outbox.gave_up()
            self._forget(wanted)
            return
        pause = timedelta(seconds=2.0 ** max(1, noted.tries))
        try:
            self._note(msgspec.structs.replace(noted, not_before=self.now() + pause))
        except OSError as error:
            log.error("clips: %s cannot be written (%s)", self.folder, error.strerror)

    def _forget(self, wanted: Wanted) -> None:
        self._path(wanted.event).unlink(missing_ok=True)
        for suffix in (".mp4", ".part.mp4"):
            self._path(wanted.event).with_suffix(suffix).unlink(missing_ok=True)

    def _note(self, wanted: Wanted) -> None:
        whole.write(self._path(wanted.event), msgspec.json.encode(wanted))

    def _read(self, path: Path) -> Wanted | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Wanted)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.error("clips: %s is damaged (%s); set aside", path, error)
            path.replace(path.with_suffix(".damaged"))
            return None

    def _path(self, event: UUID) -> Path:
        return self.folder / f"{event}.json"
