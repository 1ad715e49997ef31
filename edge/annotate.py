"""A picture with what the chain made of it: zones, people, heads with hat and mask, and the events that are open."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from contracts.kinds import Wear
from contracts.vision import Box, Detection, Image, Worn
from edge.config import CameraConfig
from edge.sink import EventDraft
from edge.watcher import Sight

WHITE, GREY, GREEN, RED, AMBER = (255, 255, 255), (170, 170, 170), (90, 190, 60), (40, 40, 230), (0, 170, 255)
_COLOURS = {Wear.WORN: GREEN, Wear.NOT_WORN: RED, Wear.UNKNOWN: GREY}
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(image: Image, sight: Sight | None, events: Sequence[EventDraft], camera: CameraConfig) -> Image:
    """A copy with the drawing; without a sight the detector was spared, and the picture says so."""
    drawn = image.copy()
    size = np.array([image.shape[1], image.shape[0]])
    for zone in camera.zones:
        if zone.corners:
            points = (np.array(zone.corners) * size).round().astype(np.int32)
            cv2.polylines(drawn, [points], True, WHITE, 1, cv2.LINE_AA)
            _text(drawn, f"{zone.name} ({zone.kind})", (int(points[0][0]) + 4, int(points[0][1]) + 16), WHITE)
    if sight is None:
        _text(drawn, "idle", (8, image.shape[0] - 10), GREY)
    else:
        for track in sight.scene.people:
            _box(drawn, track.detection.box, GREY)
        for track in sight.scene.heads:
            _head(drawn, track.detection, track.id)
    for line, event in enumerate(events):
        _text(drawn, f"{event.rule} {event.subject} {event.confidence:.2f}", (8, 20 + 18 * line), AMBER)
    return drawn


def _head(image: Image, head: Detection, number: int) -> None:
    states = [worn.state for worn in (head.hat, head.mask) if worn is not None]
    worst = next((state for state in (Wear.NOT_WORN, Wear.UNKNOWN) if state in states), Wear.WORN)
    _box(image, head.box, _COLOURS[worst] if states else WHITE)
    at = (round(head.box.x1), max(12, round(head.box.y1) - 4))
    _text(image, f"{number} hat {_word(head.hat)} mask {_word(head.mask)}", at, _COLOURS[worst] if states else WHITE)


def _word(worn: Worn | None) -> str:
    return "-" if worn is None else f"{ {Wear.WORN: 'yes', Wear.NOT_WORN: 'NO', Wear.UNKNOWN: '?'}[worn.state] }"


def _box(image: Image, box: Box, colour: tuple[int, int, int]) -> None:
    corners = ((round(box.x1), round(box.y1)), (round(box.x2), round(box.y2)))
    cv2.rectangle(image, *corners, colour, 2, cv2.LINE_AA)


def _text(image: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    # A dark rim, so that it is read on any ground.
    cv2.putText(image, text, at, _FONT, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, at, _FONT, 0.45, colour, 1, cv2.LINE_AA)


class Film:
    """Writes pictures of one size as an MP4 of `per_second` pictures a second."""

    def __init__(self, path: Path, per_second: float) -> None:
        self.path, self.per_second = path, per_second
        self._container: Any = None
        self._stream: Any = None

    def add(self, image: Image) -> None:
        """Raises OSError when the file cannot be written."""
        import av

        # The encoder wants even sides.
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._container is None:
            self._container = av.open(str(self.path), "w", format="mp4")
            codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
            self._stream = self._container.add_stream(codec, rate=max(1, round(self.per_second)))
            self._stream.height, self._stream.width = image.shape[:2]
            self._stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finishes the file; there is none when no picture was added."""
        if self._container is not None:
            self._container.mux(self._stream.encode(None))
            self._container.close()
