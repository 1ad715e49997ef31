"""Recordings for the bench: a real one made 720p, half of the time moving and half of it still, long enough to last."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from edge.drawn import Scene

WIDTH, HEIGHT, BIT_RATE = 1280, 720, 2_000_000
MOVING_S = 30
"""and as long without motion"""
GOP_S = 2


class FilmError(RuntimeError):
    """A recording that cannot be used; the text names it."""


def films(source: Path | None, folder: Path, fps: int, seconds: float, count: int) -> list[Path]:
    """`count` MP4s (H.264) of at least `seconds`, each begun at another point, so that not all move at once.

    Without a source the demo's drawn kitchen is filmed. Raises FilmError.
    """
    packets, template = _loop(source, folder / "loop.mp4", fps)
    length = 2 * MOVING_S * fps
    made = []
    for number in range(count):
        # Only a key frame can be the first.
        start = number * length // count // (GOP_S * fps) * GOP_S * fps
        made.append(folder / f"film-{number}.mp4")
        _repeat(packets[start:] + packets[:start], template, made[-1], fps, int(seconds * fps))
    template.close()
    return made


def _loop(source: Path | None, path: Path, fps: int) -> tuple[list[bytes], Any]:
    """One minute as packets: frame by frame of the recording, then its last frame again and again."""
    frames = _drawn(fps) if source is None else _frames(source, fps)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BIT_RATE
        stream.options = {
            "preset": "veryfast",
            "tune": "zerolatency",
            "x264-params": f"keyint={GOP_S * fps}:min-keyint={GOP_S * fps}:scenecut=0:bframes=0",
        }
        for number in range(2 * MOVING_S * fps):
            frame = frames[min(number, len(frames) - 1)]
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    container = av.open(str(path))
    return [bytes(packet) for packet in container.demux(video=0) if packet.size], container


def _drawn(fps: int) -> list[Any]:
    """The demo's kitchen, where no recording is at hand."""
    scene, frames = Scene(1), []
    for number in range(MOVING_S * fps):
        frame = av.VideoFrame.from_ndarray(scene.frame(number / fps)[0], format="bgr24")
        frames.append(frame.reformat(width=WIDTH, height=HEIGHT, format="yuv420p"))
    return frames


def _frames(source: Path, fps: int) -> list[Any]:
    frames: list[Any] = []
    try:
        while len(frames) < MOVING_S * fps:
            due = 0.0
            before = len(frames)
            with av.open(str(source)) as container:
                for frame in container.decode(video=0):
                    if frame.time is not None and frame.time >= due - 1e-6:
                        due += 1 / fps
                        frames.append(frame.reformat(width=WIDTH, height=HEIGHT, format="yuv420p"))
                    if len(frames) >= MOVING_S * fps:
                        return frames
            if len(frames) == before:
                raise FilmError(f"video: {source} holds no picture, expected a recording")
    except (av.FFmpegError, IndexError) as error:
        raise FilmError(f"video: {source} cannot be read ({type(error).__name__}), expected a recording") from error
    return frames


def _repeat(packets: list[bytes], template: Any, path: Path, fps: int, count: int) -> None:
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream_from_template(template.streams.video[0])
        for number in range(count):
            packet = av.Packet(packets[number % len(packets)])
            packet.stream, packet.time_base = stream, stream.time_base
            ticks = round(number / fps / stream.time_base)
            packet.pts = packet.dts = ticks
            packet.is_keyframe = (number % len(packets)) % (GOP_S * fps) == 0
            out.mux(packet)
