"""A recording through the same chain as a camera, as fast as it goes: the clock is the recording's own."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.ids import uuid7
from contracts.messages import AnySample
from contracts.vision import Image
from edge.camera_child import Pace, converted
from edge.camera_duty import CameraDuty
from edge.capture import Frame
from edge.config import CameraConfig, EdgeConfig, EdgeConfigError
from edge.eye import Eye
from edge.frames import Order
from edge.opening import SourceFault, advice, opened, why
from edge.outbox import Outbox
from edge.sink import EventDraft
from edge.source import SourceKind
from edge.watcher import Sight, Watcher

Show = Callable[[Image, Sight | None, Sequence[EventDraft]], None]
"""what to do with every picture that the chain was shown, and the events that are open then"""


class Tape:
    """A sink that passes events on and remembers which are open."""

    def __init__(self, began: datetime, say: Callable[[dict[str, Any]], None]) -> None:
        self.began, self.say = began, say
        self.open: dict[UUID, EventDraft] = {}

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        """A recording's health is nobody's concern."""

    def health(self, device: str, state: str) -> None:
        """The same."""

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        """The same."""

    def event(self, draft: EventDraft) -> UUID:
        identity = draft.id or uuid7(int(draft.observed.timestamp() * 1000), b"\0" * 10)
        self.open.pop(identity, None)
        if draft.phase != "end":
            self.open[identity] = draft
        self.say(
            {
                "t": round((draft.observed - self.began).total_seconds(), 3),
                "phase": draft.phase.value,
                "rule": draft.rule.value,
                "event_id": str(identity),
                "subject": draft.subject,
                "confidence": round(draft.confidence, 4),
                "zone": draft.zone,
                "model": draft.model.name if draft.model else None,
                "model_version": draft.model.version if draft.model else None,
                "model_sha256": draft.model.sha256 if draft.model else None,
                "since": round((draft.at - self.began).total_seconds(), 3),
                "reason": draft.details.get("reason"),
            }
        )
        return identity


def chosen(config: EdgeConfig, name: str | None) -> CameraConfig:
    """The camera of that name, or the first one. Raises EdgeConfigError."""
    for camera in config.camera:
        if name in (None, camera.device):
            return camera
    known = ", ".join(camera.device for camera in config.camera) or "none is configured"
    raise EdgeConfigError(f"camera: {name!r} is not in the configuration, expected one of: {known}")


def replay(
    path: Path,
    config: EdgeConfig,
    camera: CameraConfig,
    eye: Eye,
    began: datetime,
    say: Callable[[dict[str, Any]], None],
    show: Show | None = None,
) -> Iterator[float]:
    """Plays a recording and yields the second it has come to. `began` is the time of day of its first picture.

    Raises SourceFault when it cannot be played, and what the detector raises.
    """
    clock, tape = [began], Tape(began, say)
    watcher = Watcher(camera, config.rules.vision, eye, config.clock)
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference.png"
        outbox = Outbox(Path(folder) / "pictures")
        duty = CameraDuty(watcher, tape, outbox, stills=False, reference=reference, now=lambda: clock[0])
        for number, (seconds, image) in enumerate(_pictures(path, camera.looks_per_second), 1):
            clock[0] = began + timedelta(seconds=seconds)
            sight = duty.see(Frame(number, image, clock[0]))
            duty.tell(number, "", clock[0])
            if show is not None:
                show(image, sight, list(tape.open.values()))
            yield seconds


def _pictures(path: Path, per_second: float) -> Iterator[tuple[float, Image]]:
    """Media time in seconds from the first picture, and the picture; not more than so many a second."""
    order = Order(SourceKind.FILE, str(path), f"file {path}", per_second, seed=1)
    pace, first, count = Pace(per_second), None, 0
    with opened(order) as container:
        for frame in _decoded(order, container):
            at = frame.time if frame.time is not None else count / 25
            first, count = (at if first is None else first), count + 1
            if pace.wants(at - first):
                yield at - first, converted(frame)


def _decoded(order: Order, container: Any) -> Iterator[Any]:
    """Every picture, whatever the clock says; a broken one among good ones is passed over."""
    import av

    try:
        for packet in container.demux(container.streams.video[0]):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            yield from (frame for frame in frames if not frame.is_corrupt)
    except (av.FFmpegError, OSError) as error:
        raise SourceFault(f"{order.name}: reading failed ({why(error)}); {advice(order)}") from error
