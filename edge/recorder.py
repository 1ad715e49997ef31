"""Writes a camera's packets into its segment ring as they come: nothing is decoded, nothing is encoded again.

A thread of its own does the writing, so that a slow disk never holds the pictures back.
"""

import io
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from edge import boxes, segments

SECONDS = 2.0
MOST_BYTES = 32 * 1024 * 1024
WAITING_SEGMENTS = 8
CHAIN_S = 0.5
"""while our clock and the stream's differ by less, one segment begins exactly where the last one ended"""
DRIFT = 0.002
JUMP_S = 5.0
"""more is a step of a clock, or a stream that was held up"""
BREAK_S = 10.0
CODECS = ("h264", "hevc")
_MP4 = {"movflags": "empty_moov+default_base_moof+frag_custom+skip_trailer"}


class Anchor:
    """When a packet was taken, by our clock: the earliest arrival counts, as the network only ever delays."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._before = 0.0

    def arrived(self, media_s: float, now: float) -> None:
        """A packet of a time of the stream has come."""
        offset = now - media_s
        if self._offset is None or abs(offset - self._offset) > JUMP_S:
            self._offset = offset
        else:
            # The other clock may be slower than ours: what was the earliest may slowly become later.
            self._offset = min(offset, self._offset + DRIFT * max(0.0, media_s - self._before))
        self._before = media_s

    def at(self, media_s: float) -> float:
        """Seconds since 1970 for a time of the stream."""
        return (self._offset or 0.0) + media_s


class _Batch(msgspec.Struct):
    """Packets of a segment that is being collected."""

    first: float
    """its first packet, in the stream's own seconds"""
    packets: list[Any] = []
    size: int = 0


class Recorder:
    """Takes the packets of one opened source. `fault` says why nothing is being kept; empty while it is."""

    def __init__(self, folder: Path, stream: Any, now: Callable[[], float] = time.time) -> None:
        self.folder, self.fault = folder, ""
        self._shelf = segments.Shelf(folder)
        self._stream, self._now, self._anchor = stream, now, Anchor()
        self._base = Fraction(stream.time_base)
        self._batch: _Batch | None = None
        self._last_dts: int | None = None
        self._gap = 0
        self._end: float | None = None
        self._waiting: queue.Queue[tuple[list[Any], float, float] | None] = queue.Queue(WAITING_SEGMENTS)
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Segments that wait for the disk."""
        return self._waiting.qsize()

    def take(self, packet: Any) -> None:
        """Keeps one packet; what comes before the first key frame cannot be shown and is passed over."""
        if not packet.size:
            return
        if not self._in_order(packet):
            self._close(None)
            self._end = self._last_dts = None
            self._in_order(packet)
        at = float(packet.dts * self._base)
        self._anchor.arrived(at, self._now())
        if self._batch is not None:
            held = at - self._batch.first
            whole = packet.is_keyframe and held >= SECONDS - 0.05
            if whole or held >= segments.LONGEST.total_seconds() - 1 or self._batch.size > MOST_BYTES:
                self._close(packet.dts)
        if self._batch is None:
            if self._end is None and not packet.is_keyframe:
                return
            self._batch = _Batch(at)
        self._batch.packets.append(packet)
        self._batch.size += packet.size

    def _in_order(self, packet: Any) -> bool:
        """Gives times to a packet that lacks them; False when the stream's clock has jumped."""
        last = self._last_dts
        if packet.dts is None:
            packet.dts = packet.pts if packet.pts is not None and last is None else (last or 0) + max(1, self._gap)
        if last is not None:
            ahead = float((packet.dts - last) * self._base)
            if not -1 < ahead < BREAK_S:
                return False
            # A muxer takes only rising times; two pictures of the same instant are one tick apart.
            packet.dts = max(packet.dts, last + 1)
            self._gap = packet.dts - last
        packet.pts = packet.dts if packet.pts is None else max(packet.pts, packet.dts)
        self._last_dts = packet.dts
        return True

    def _start(self, at: float) -> float:
        """Asked for at the end of a segment: the first packets come late and in one burst, when a source is opened."""
        found = self._anchor.at(at)
        return self._end if self._end is not None and abs(found - self._end) < CHAIN_S else found

    def _close(self, next_dts: int | None) -> None:
        """Hands the segment to the writer. `next_dts`: where the next one begins."""
        batch, self._batch = self._batch, None
        if batch is None:
            return
        first, last = batch.packets[0], batch.packets[-1]
        until = next_dts if next_dts is not None else last.dts + max(1, last.duration or self._gap)
        seconds = float((until - first.dts) * self._base)
        start = self._start(batch.first)
        self._end = start + seconds
        try:
            self._waiting.put_nowait((batch.packets, start, self._end))
        except queue.Full:
            self.fault = "recording: the disk is too slow, pictures are not kept"

    def close(self) -> None:
        """Keeps what has been collected."""
        self._close(None)
        try:
            self._waiting.put(None, timeout=5)
            self._thread.join(5)
        except queue.Full:
            self.fault = "recording: the disk is too slow, pictures are not kept"

    def _write(self) -> None:
        while (item := self._waiting.get()) is not None:
            packets, start, end = item
            start_ms = round(start * 1000)
            try:
                init, body = muxed(self._stream, packets, start_ms)
                # Both ends are rounded, so that segments that follow each other have no gap in their names.
                self._shelf.put(start_ms, round(end * 1000) - start_ms, init, body)
                self.fault = ""
            except OSError as error:
                self.fault = f"recording: {self.folder} cannot be written ({error.strerror}), pictures are not kept"
            except ValueError as error:
                self.fault = f"recording: the stream cannot be kept ({error})"


@contextmanager
def recording(folder: str, stream: Any, note: Callable[[str], None]) -> Iterator[Callable[[Any], None]]:
    """What to do with every packet of a stream; `note` is told when that begins to fail, and when it works again."""
    if not folder or stream.codec_context.name not in CODECS:
        yield lambda packet: None
        return
    recorder, told = Recorder(Path(folder), stream), ""

    def keep(packet: Any) -> None:
        nonlocal told
        recorder.take(packet)
        if recorder.fault != told:
            told = recorder.fault
            note(told)

    try:
        yield keep
    finally:
        recorder.close()


def muxed(stream: Any, packets: list[Any], start_ms: int) -> tuple[bytes, bytes]:
    """The init and one fragment that begins at `start_ms`. Raises ValueError, also as av.FFmpegError."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options=_MP4) as out:
        track = out.add_stream_from_template(stream)
        if stream.codec_context.name == "hevc":
            # Browsers of one maker play H.265 only under this name.
            track.codec_context.codec_tag = "hvc1"
        for packet in packets:
            packet.stream = track
            out.mux_one(packet)
    whole = buffer.getvalue()
    split = boxes.find(whole, "moof").begin
    init, body = whole[:split], bytearray(whole[split:])
    boxes.set_decode_time(body, start_ms * boxes.timescale(init) // 1000)
    return init, bytes(body)
