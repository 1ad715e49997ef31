"""Pictures and clips that wait for the centre: a folder is the queue, bounded, so that no power cut empties it."""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

import msgspec

from contracts.kinds import Withheld
from contracts.messages import Evidence
from edge import whole

log = logging.getLogger(__name__)
SUFFIXES = {"image/jpeg": ".jpg", "video/mp4": ".mp4"}
EVIDENCE, STILL, CLIP = "a", "b", "c"
"""what a name begins with, in the order of sending: a clip may take minutes, a picture must not wait for it"""


SPARE_BYTES = 16 * 1024 * 1024


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside a picture or clip: where it goes. Written last, so that a parcel is always whole."""

    path: str
    device: str
    captured: datetime
    media: str = "image/jpeg"
    advisory: bool = False
    """its event is advice; when there is no room it goes before evidence of what matters"""
    reason: str = ""
    """why the centre did not take it; only for those set aside"""


class Losses(msgspec.Struct, frozen=True):
    """What had to be given up since the folder was made, so that it is reported and not only gone."""

    stills: int = 0
    evidence: int = 0


class _Victim(NamedTuple):
    order: int
    modified: float
    parcel: Path
    bytes: int


class Outbox:
    """The folder: `waiting/` is the queue, `refused/` holds what the centre will never take."""

    def __init__(self, folder: Path, max_bytes: int = 1024 * 1024 * 1024) -> None:
        self.folder, self.max_bytes = folder, max_bytes
        self.waiting, self.refused = folder / "waiting", folder / "refused"
        for path in (self.waiting, self.refused):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._lost = _read_losses(folder / "lost.json")
        for path in (self.waiting, self.refused):
            _sweep(path)

    def evidence(self, event: UUID, device: str, jpeg: bytes, evidence: Evidence, *, advisory: bool = False) -> None:
        """Keeps a picture of an event until it has arrived. Raises OSError when there is no room for it."""
        parcel = _evidence_parcel(event, device, evidence, advisory)
        self._put(f"{EVIDENCE}-{event}-{evidence.sha256[:16]}", jpeg, parcel)

    def clip(self, event: UUID, device: str, file: Path, evidence: Evidence, *, advisory: bool = False) -> None:
        """Takes a clip's file over, which lies on the same disk; done again after a crash it changes nothing.

        Raises OSError when there is no room for it.
        """
        parcel, name = _evidence_parcel(event, device, evidence, advisory), f"{CLIP}-{event}-{evidence.sha256[:16]}"
        target = self.waiting / f"{name}{SUFFIXES[evidence.media]}"
        with self._lock:
            if not file.exists():
                return
            self._make_room(file.stat().st_size, parcel)
            with self._counting(parcel):
                target.unlink(missing_ok=True)
                target.hardlink_to(file)
                whole.write(self.waiting / f"{name}.json", msgspec.json.encode(parcel))
            file.unlink()

    def still(self, device: str, jpeg: bytes, captured: datetime) -> None:
        """Keeps the newest still of a camera; an older one that still waits is replaced. Raises OSError."""
        parcel = Parcel(path=f"/edge/v1/still/{device}", device=device, captured=captured)
        self._put(f"{STILL}-{device}", jpeg, parcel)

    def withheld(self, device: str, reason: Withheld, at: datetime) -> None:
        """Keeps why there is no still now, in the place of the still that would be. Raises OSError."""
        path = f"/edge/v1/still/{device}/withheld"
        parcel = Parcel(path=path, device=device, captured=at, media="application/json")
        self._put(f"{STILL}-{device}", msgspec.json.encode({"reason": reason}), parcel)

    def names(self) -> list[str]:
        """What waits in the order of sending: evidence and the oldest first, then stills, then clips."""
        return sorted(path.stem for path in self.waiting.glob("*.json"))

    def take(self, name: str) -> tuple[Parcel, BinaryIO] | None:
        """A parcel and its open file; None when there is none or when it is damaged (it is then set aside)."""
        with self._lock:
            note = self.waiting / f"{name}.json"
            try:
                parcel = msgspec.json.decode(note.read_bytes(), type=Parcel)
                return parcel, self._data(name, parcel).open("rb")
            except FileNotFoundError:
                note.unlink(missing_ok=True)
                return None
            except msgspec.DecodeError:
                log.error("upload: %s is damaged; set aside", name)
                note.replace(self.refused / note.name)
                return None

    def done(self, name: str, parcel: Parcel) -> None:
        """Forgets a parcel that has arrived, unless a newer one has taken its place meanwhile."""
        with self._lock:
            if self._same(name, parcel):
                (self.waiting / f"{name}.json").unlink(missing_ok=True)
                self._data(name, parcel).unlink(missing_ok=True)

    def set_aside(self, name: str, parcel: Parcel, reason: str) -> None:
        """Moves a parcel to `refused/` with the reason; a still is not worth keeping."""
        with self._lock:
            if not self._same(name, parcel):
                return
            (self.waiting / f"{name}.json").unlink(missing_ok=True)
            data = self._data(name, parcel)
            if name.startswith(f"{STILL}-"):
                data.unlink(missing_ok=True)
                return
            with contextlib.suppress(FileNotFoundError):
                data.replace(self.refused / data.name)
            note = msgspec.structs.replace(parcel, reason=reason)
            whole.write(self.refused / f"{name}.json", msgspec.json.encode(note))

    def gave_up(self) -> None:
        """A clip that could not be made is evidence that was lost."""
        with self._lock:
            self._count(still=False)

    @property
    def lost(self) -> Losses:
        return self._lost

    def words(self) -> dict[str, str]:
        """For the agent's status."""
        names = self.names()
        clips = sum(name.startswith(f"{CLIP}-") for name in names)
        return {
            "pictures_waiting": str(len(names) - clips),
            "clips_waiting": str(clips),
            "pictures_mb": f"{self._size() / 1e6:.1f} of {self.max_bytes / 1e6:.0f}",
            "pictures_lost": f"stills {self._lost.stills}, evidence {self._lost.evidence}",
        }

    def _put(self, name: str, data: bytes, parcel: Parcel) -> None:
        with self._lock:
            self._make_room(len(data), parcel)
            with self._counting(parcel):
                whole.write(self._data(name, parcel), data)
                whole.write(self.waiting / f"{name}.json", msgspec.json.encode(parcel))

    @contextlib.contextmanager
    def _counting(self, parcel: Parcel) -> Iterator[None]:
        """What the disk does not take is lost, and counted."""
        try:
            yield
        except OSError:
            self._count(still=_is_still(parcel))
            raise

    def _make_room(self, wanted: int, parcel: Parcel) -> None:
        """What matters least and is oldest goes first. Raises OSError when all that is left matters more."""
        # The last of the disk is not for pictures, whatever the limit says.
        free = shutil.disk_usage(self.folder).free - SPARE_BYTES
        missing = max(self._size() + wanted - self.max_bytes, wanted - free)
        if missing <= 0:
            return
        victims = sorted(self._victims(parcel))
        if sum(victim.bytes for victim in victims) < missing:
            self._count(still=_is_still(parcel))
            raise OSError(f"{self.folder} has no room for {wanted} bytes; is the centre reachable?")
        for victim in victims:
            if missing > 0:
                self._drop(victim)
                missing -= victim.bytes

    def _victims(self, newcomer: Parcel) -> Iterator[_Victim]:
        """What the centre has refused, then stills, then evidence of advice, and for evidence alone."""
        for note in self.refused.glob("*.json"):
            yield _victim(0, note)
        for note in self.waiting.glob("*.json"):
            if note.name.startswith(f"{STILL}-"):
                yield _victim(1, note)
            elif not _is_still(newcomer) and _is_advice(note):
                yield _victim(2, note)

    def _drop(self, victim: _Victim) -> None:
        # The parcel goes before its file: a crash in between leaves a file without a parcel, never the reverse.
        for path in _files(victim.parcel):
            path.unlink(missing_ok=True)
        if victim.order > 0:
            self._count(still=victim.order == 1)

    def _count(self, *, still: bool) -> None:
        self._lost = Losses(self._lost.stills + still, self._lost.evidence + (not still))
        log.warning("upload: evidence or a still is lost (%s); so far: %s", self.folder, self._lost)
        try:
            whole.write(self.folder / "lost.json", msgspec.json.encode(self._lost))
        except OSError as error:
            log.error("upload: what was lost cannot be written down: %s", error)

    def _size(self) -> int:
        return sum(
            entry.stat().st_size
            for path in (self.waiting, self.refused)
            for entry in os.scandir(path)
            if entry.is_file()
        )

    def _data(self, name: str, parcel: Parcel) -> Path:
        return self.waiting / f"{name}{SUFFIXES.get(parcel.media, '.jpg')}"

    def _same(self, name: str, parcel: Parcel) -> bool:
        try:
            return msgspec.json.decode((self.waiting / f"{name}.json").read_bytes(), type=Parcel) == parcel
        except (FileNotFoundError, msgspec.DecodeError):
            return False


def _evidence_parcel(event: UUID, device: str, evidence: Evidence, advisory: bool) -> Parcel:
    path = f"/edge/v1/evidence/{event}/{evidence.sha256}"
    return Parcel(path=path, device=device, captured=evidence.captured, media=evidence.media, advisory=advisory)


def _victim(order: int, note: Path) -> _Victim:
    return _Victim(order, note.stat().st_mtime, note, sum(path.stat().st_size for path in _files(note)))


def _files(note: Path) -> list[Path]:
    """A parcel, then what lies beside it."""
    beside = (note.with_suffix(suffix) for suffix in SUFFIXES.values())
    return [note, *(path for path in beside if path.exists())]


def _is_still(parcel: Parcel) -> bool:
    return parcel.path.startswith("/edge/v1/still/")


def _is_advice(note: Path) -> bool:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Parcel).advisory
    except (OSError, msgspec.DecodeError):
        return False


def _sweep(folder: Path) -> None:
    """Removes what a crash has left without its parcel: nothing would ever send it, and it takes room."""
    for path in folder.iterdir():
        if not path.with_suffix(".json").exists():
            log.warning("upload: %s was never finished; removed", path.name)
            path.unlink()


def _read_losses(path: Path) -> Losses:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Losses)
    except (OSError, msgspec.DecodeError):
        return Losses()
