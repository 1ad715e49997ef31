"""The segment ring: what a camera sent, untouched, in short files on disk, until there is no room or it is too old.

`<folder>/<yyyymmdd>/<start_ms>-<duration_ms>.m4s`, by the UTC day of the start; beside them
`init-<start_ms>-<hash>.mp4`, which goes with every segment from that start on until the next one.
The decode time inside a segment is its start: milliseconds since 1970 in the track's own ticks.
"""

import hashlib
import io
import os
import shutil
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from edge import whole
from edge.boxes import NoBox

LONGEST = timedelta(seconds=60)
"""a segment is closed after this, key frame or not"""
RESERVE_BYTES = 2 * 1024**3
SHARE_OF_RING = 10
_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CutError(RuntimeError):
    """Why there is no clip; the text names the time that was asked for."""


class Segment(msgspec.Struct, frozen=True):
    """One whole segment. `path` is only playable after `init`."""

    path: Path
    init: Path
    start: datetime
    seconds: float
    size: int

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // _MS


def at_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


class Shelf:
    """Where one camera's process puts its segments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._init: tuple[str, str] | None = None
        """day and hash of the init that goes with what was written last"""

    def put(self, start_ms: int, duration_ms: int, init: bytes, body: bytes) -> Path:
        """Writes one segment, and its init when the day does not end with the same. Raises OSError.

        Whole or not at all, also after a power cut: a name that readers see is given when the bytes are on the disk.
        """
        day = self.folder / f"{at_ms(start_ms):%Y%m%d}"
        day.mkdir(parents=True, exist_ok=True)
        needed = (day.name, hashlib.sha256(init).hexdigest()[:12])
        if needed != self._init:
            before = _init_for([name for name in _names(day) if name.startswith("init-")], start_ms)
            if before is None or not before.endswith(f"-{needed[1]}.mp4"):
                whole.write(day / f"init-{start_ms:013d}-{needed[1]}.mp4", init)
            self._init = needed
        path = day / f"{start_ms:013d}-{duration_ms:06d}.m4s"
        whole.write(path, body)
        return path


def _init_for(inits: Sequence[str], start_ms: int) -> str | None:
    """The newest init that is not newer than a segment."""
    ordered = sorted(inits)
    place = bisect_right(ordered, start_ms, key=lambda name: int(name[5:18]))
    return ordered[place - 1] if place else None


class _Day(msgspec.Struct):
    """What is known of a day's folder. Not its names: a month of them would fill the memory."""

    total: int = 0
    counted: str = ""
    """the last name that is in the total"""
    changed: int = 0
    """when the folder was changed, as it was counted: a day that is over rests, unless a clock went back"""


class Ring:
    """One camera's segments. Written by the camera's own process, read and pruned by anybody.

    `max_bytes` 0: as the disk allows, `reserve` bytes of it staying free.
    """

    def __init__(self, folder: Path, max_bytes: int, max_age: timedelta, reserve: int = RESERVE_BYTES) -> None:
        self.folder, self.max_bytes, self.max_age, self.reserve = folder, max_bytes, max_age, reserve
        self._known: dict[str, _Day] = {}

    def between(self, start: datetime, end: datetime) -> list[Segment]:
        """Whole segments that hold anything from `start` up to `end`, in order."""
        found = self._listed(start - LONGEST, end)
        return [segment for segment in found if segment.start < end and segment.end > start]

    def after(self, start: datetime) -> list[Segment]:
        """Whole segments that begin later than `start`, in order: give the last one's start to get the next."""
        return [segment for segment in self._listed(start, None) if segment.start > start]

    def _listed(self, start: datetime, end: datetime | None) -> list[Segment]:
        """Those whose names lie between."""
        low = f"{milliseconds(start):013d}"
        high = f"{milliseconds(end):013d}~" if end else "~"
        found: list[Segment] = []
        for day in self._days():
            if day < f"{start.astimezone(UTC):%Y%m%d}" or (end and day > f"{end.astimezone(UTC):%Y%m%d}"):
                continue
            names = _names(self.folder / day)
            inits = [name for name in names if name.startswith("init-")]
            for name in sorted(name for name in names if name.endswith(".m4s") and low <= name <= high):
                segment = self._segment(day, name, inits)
                found += [segment] if segment else []
        return found

    def _segment(self, day: str, name: str, inits: Sequence[str]) -> Segment | None:
        start_ms, duration_ms = _parsed(name)
        init, size = _init_for(inits, start_ms), _size(self.folder / day / name)
        if init is None or not size:
            return None
        folder = self.folder / day
        return Segment(folder / name, folder / init, at_ms(start_ms), duration_ms / 1000, size)

    def _days(self) -> list[str]:
        return sorted(name for name in _names(self.folder) if name.isdigit() and len(name) == 8)

    def size(self) -> int:
        """Bytes of all whole segments. Days that are over are counted once, today's files as they come."""
        days = self._days()
        for day in days:
            known, changed = self._known.get(day, _Day()), _changed(self.folder / day)
            if known.changed == changed:
                continue
            if day != days[-1]:
                known = _Day()
            names = sorted(name for name in _names(self.folder / day) if name.endswith(".m4s") and name > known.counted)
            known.total += sum(_size(self.folder / day / name) for name in names)
            known.counted, known.changed = names[-1] if names else known.counted, changed
            self._known[day] = known
        self._known = {day: self._known[day] for day in days}
        return sum(day.total for day in self._known.values())

    def prune(self, now: datetime) -> int:
        """Deletes what is too old, too much, or in the way of the disk's reserve, oldest first; the bytes freed."""
        used = self.size()
        excess = max(0, used - self.max_bytes) if self.max_bytes else 0
        if used and _free(self.folder) < self.reserve:
            # Every ring gives a share, so that the first to be asked does not pay for all.
            short = self.reserve - _free(self.folder)
            excess = max(excess, min(short, max(1, used // SHARE_OF_RING)))
        oldest, freed = now - self.max_age, 0
        for day in list(self._known):
            if day > f"{oldest:%Y%m%d}" and freed >= excess:
                break
            freed += self._prune_day(day, milliseconds(oldest), excess - freed, day < f"{now:%Y%m%d}")
        return freed

    def _prune_day(self, day: str, oldest_ms: int, excess: int, over: bool) -> int:
        """Frees `excess` bytes of a day and whatever is too old; the bytes freed. An empty day goes when it is over."""
        freed = 0
        for name in sorted(name for name in _names(self.folder / day) if name.endswith(".m4s")):
            if sum(_parsed(name)) > oldest_ms and freed >= excess:
                break
            path = self.folder / day / name
            freed += _size(path)
            path.unlink(missing_ok=True)
        else:
            if over:
                shutil.rmtree(self.folder / day, ignore_errors=True)
        known = self._known[day]
        known.total = max(0, known.total - freed)
        if over and freed:
            known.changed = _changed(self.folder / day)
        return freed


def _names(folder: Path) -> list[str]:
    # Not Path.iterdir: a full day has 43,200 files, and a path object for each costs ten times as much.
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    """0 when it has just been pruned."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _parsed(name: str) -> tuple[int, int]:
    """Start and duration, in milliseconds. Foreign files sort first and go first."""
    start, _, duration = name.removesuffix(".m4s").partition("-")
    return (int(start), int(duration)) if start.isdigit() and duration.isdigit() else (0, 0)


def _free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder that may not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def cut(segments: Sequence[Segment], start: datetime, end: datetime, out: Path) -> tuple[datetime, datetime]:
    """One playable MP4 from the key frame at or before `start` up to `end`, not encoded again; its real bounds.

    Where the camera changed its format in between, the part with the larger share is kept.
    Raises CutError, and OSError when `out` cannot be written.
    """
    import av

    chosen = _one_format([one for one in segments if one.start < end and one.end > start and one.path.exists()])
    if not chosen:
        raise CutError(f"clip: nothing was recorded from {start.isoformat()} to {end.isoformat()}")
    part = out.with_name(f".part-{out.name}")
    try:
        with _opened(chosen[0]) as first, av.open(part, "w", format="mp4", options={"movflags": "faststart"}) as clip:
            track = clip.add_stream_from_template(first.streams.video[0])
            track.codec_context.codec_tag = first.streams.video[0].codec_context.codec_tag
            bounds = _copy(_wanted(_packets(chosen), start.timestamp(), end.timestamp()), clip, track)
        if bounds is None:
            raise CutError(f"clip: no key frame was recorded before {end.isoformat()}")
        part.replace(out)
    except (av.FFmpegError, NoBox) as error:
        raise CutError(f"clip: cannot be made from the recording ({error})") from error
    finally:
        part.unlink(missing_ok=True)
    return bounds


def _one_format(segments: Sequence[Segment]) -> list[Segment]:
    """The longest of the runs that share an init, by content and not by name."""
    runs: dict[str, list[Segment]] = {}
    for segment in segments:
        runs.setdefault(segment.init.stem.rpartition("-")[2], []).append(segment)
    return max(runs.values(), key=lambda run: sum(one.seconds for one in run), default=[])


def _opened(segment: Segment) -> Any:
    import av

    return av.open(io.BytesIO(segment.init.read_bytes() + segment.path.read_bytes()), format="mp4")


def _packets(segments: Sequence[Segment]) -> Iterator[Any]:
    """Packets with content; their times are seconds since 1970 in the stream's ticks, and rise."""
    end, shift = 0, 0
    for segment in segments:
        try:
            container = _opened(segment)
        except FileNotFoundError:
            # Pruned since it was listed.
            continue
        with container:
            for number, packet in enumerate(one for one in container.demux(video=0) if one.size):
                if not number:
                    # After a step of the clock a segment may begin before its forerunner's end.
                    shift = max(0, end - packet.dts)
                packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                end = packet.dts + max(1, packet.duration)
                yield packet


def _wanted(packets: Iterable[Any], start: float, end: float) -> Iterator[Any]:
    """From the last key frame that is not after `start`, or else from the first one, up to `end`."""
    held: list[Any] = []
    begun = False
    for packet in packets:
        at, decoded = packet.pts * packet.time_base, packet.dts * packet.time_base
        if decoded >= end:
            break
        if begun:
            yield packet
            continue
        if packet.is_keyframe and (not held or at <= start):
            held = [packet]
        elif held:
            held.append(packet)
        if held and at > start:
            begun = True
            yield from held
    if not begun:
        yield from held


def _copy(packets: Iterable[Any], clip: Any, track: Any) -> tuple[datetime, datetime] | None:
    """Writes packets as a track that begins at 0; when the first picture is shown, and when the last one ends."""
    zero: int | None = None
    begin = end = 0.0
    for packet in packets:
        if zero is None:
            zero, begin = packet.dts, float(packet.pts * packet.time_base)
        end = max(end, float((packet.pts + max(0, packet.duration)) * packet.time_base))
        packet.dts, packet.pts, packet.stream = packet.dts - zero, packet.pts - zero, track
        clip.mux_one(packet)
    if zero is None:
        return None
    return _EPOCH + timedelta(seconds=begin), _EPOCH + timedelta(seconds=end)
