"""Watches what one camera shows, second by second, against a reference that is kept on disk.

The reference is taken from the first half minute of good pictures and again after hours of them, so that it follows
the seasons and moved tables. Delete its file to have a new one taken at once, as after cleaning or turning the camera.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import msgspec

from contracts.vision import Image
from edge import picture, whole
from edge.picture import Cause, Grey, Reference

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=1)
SAMPLES, SAMPLE_EVERY = 15, timedelta(seconds=2)
RETAKEN_AFTER = timedelta(hours=6)
GOOD_AGAIN = 2
"""a single good picture between bad ones is chance"""


class WatchState(msgspec.Struct, frozen=True):
    reference: Reference | None = None
    taken: datetime | None = None
    """since when the reference has been right without a break"""
    samples: tuple[Grey, ...] = ()
    sampled: datetime | None = None
    trouble: tuple[Cause, datetime] | None = None
    good: int = 0


def step(state: WatchState, seen: Grey, now: datetime) -> tuple[WatchState, bool]:
    """One picture more; whether a reference was taken. Pure."""
    cause = picture.judge(state.reference, seen).cause
    if cause is not None:
        since = state.trouble[1] if state.trouble else now
        # Trouble breaks the healthy time: the next reference waits as long again.
        return msgspec.structs.replace(state, trouble=(cause, since), good=0, samples=(), taken=now), False
    good = state.good + 1
    trouble = state.trouble if good < GOOD_AGAIN else None
    well = msgspec.structs.replace(state, trouble=trouble, good=good)
    wanted = state.reference is None or state.taken is None or now - state.taken >= RETAKEN_AFTER
    if trouble or not wanted or (state.sampled is not None and now - state.sampled < SAMPLE_EVERY):
        return well, False
    samples = (*state.samples, seen)
    if len(samples) < SAMPLES:
        return msgspec.structs.replace(well, samples=samples, sampled=now), False
    return WatchState(picture.reference_of(samples), now, good=good), True


class PictureWatch:
    """`trouble`: what is wrong with the picture, and since when."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next: datetime | None = None
        self._fault = ""
        self._state = WatchState(self._kept())

    @property
    def trouble(self) -> tuple[str, datetime] | None:
        return self._state.trouble

    def see(self, image: Image, now: datetime) -> None:
        """Judges a picture, at most one a second."""
        if self._next is not None and self._next - EVERY <= now < self._next:
            return
        self._next = now + EVERY
        if self._state.reference is not None and not self._fault and not self.path.exists():
            log.info("picture %s: was taken away, a new reference will be taken", self.path)
            self._state = WatchState()
        if self._state.reference is not None and self._state.taken is None:
            self._state = msgspec.structs.replace(self._state, taken=now)
        self._state, taken = step(self._state, picture.grey_of(image), now)
        if taken and self._state.reference is not None:
            self._keep(self._state.reference.grey)

    def _kept(self) -> Reference | None:
        try:
            data = self.path.read_bytes()
        except OSError:
            return None
        grey = picture.decoded(data)
        if grey is None:
            log.error("picture %s: is no reference picture; a new one will be taken", self.path)
            return None
        return picture.reference_from(grey)

    def _keep(self, grey: Grey) -> None:
        try:
            whole.write(self.path, cv2.imencode(".png", grey)[1].tobytes())
            self._fault = ""
        except OSError as error:
            self._fault = f"picture {self.path}: the reference cannot be kept ({error.strerror})"
            log.error(self._fault)
