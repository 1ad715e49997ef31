"""The detector that all cameras share: as many pictures at a time as there are cores, exchanged on trial."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

import cv2

from contracts.vision import Detection, Detector, Image, ModelRef
from models.errors import ModelError

log = logging.getLogger(__name__)
Opener = Callable[[str | None], Detector]
FAULTS = (
    ModelError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    cv2.error,
)
"""how a network that does not fit its entry shows itself"""


class Trial:
    """A new detector that has yet to prove itself on `looks` pictures."""

    def __init__(self, candidate: Detector, looks: int) -> None:
        self.candidate, self.left = candidate, looks
        self.over = threading.Event()
        self.fault = ""
        """why it failed; empty while it runs and when it was good"""


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener, at_once: int = 1) -> None:
        """`at_once`: pictures looked at side by side; a run that has all cores wants 1, one that has a core wants more.

        Measured on two cores: two runs of one thread each do 1.5 to 1.8 times the work of one run with two threads.
        """
        self._name, self._opener = name, opener
        self._lock, self._places = threading.Lock(), threading.BoundedSemaphore(at_once)
        self._detector: Detector | None = None
        self._trial: Trial | None = None
        self._took_ms: float | None = None

    @property
    def ref(self) -> ModelRef | None:
        """The detector that is kept; None before the first look."""
        return self._detector.ref if self._detector is not None else None

    def open(self) -> ModelRef:
        """Opens the detector if it is not; which one it is. Raises what the opener raises."""
        with self._lock:
            if self._detector is None:
                self._detector = self._opener(self._name)
            return self._detector.ref

    def look(self, image: Image) -> tuple[Sequence[Detection], ModelRef]:
        """What is in a picture, and which model said so. Raises what the opener and the detector raise."""
        if self._detector is None:
            self.open()
        assert self._detector is not None
        with self._places:
            trial = self._trial
            if trial is not None:
                found = self._look_on_trial(trial, image)
                if found is not None:
                    return found
            detector, began = self._detector, time.monotonic()
            seen = detector.detect(image)
            took = 1000 * (time.monotonic() - began)
            self._took_ms = took if self._took_ms is None else 0.9 * self._took_ms + 0.1 * took
            return seen, detector.ref

    def try_out(self, candidate: Detector, looks: int) -> Trial:
        """Looks with `candidate` from now on; it stays after so many good looks, and goes at the first bad one.

        Raises ModelError while another one is on trial.
        """
        with self._lock:
            if self._trial is not None:
                raise ModelError(f"{self._trial.candidate.ref.name}: another model is on trial, expected none")
            self._trial = Trial(candidate, looks)
            return self._trial

    def settle(self, trial: Trial, *, keep: bool) -> None:
        """Ends a trial: the candidate is kept, or the detector from before it looks again."""
        with self._lock:
            if self._trial is trial:
                self._trial = None
            if keep:
                self._detector = trial.candidate

    def words(self) -> dict[str, str]:
        """For a camera's status: which model looks, and how long a look takes lately."""
        if self._detector is None or self._took_ms is None:
            return {}
        ref = self._detector.ref
        return {"model": f"{ref.name} {ref.version} {ref.sha256}", "inference_ms": f"{self._took_ms:.0f}"}

    def _look_on_trial(self, trial: Trial, image: Image) -> tuple[Sequence[Detection], ModelRef] | None:
        if trial.fault:
            return None
        try:
            found = trial.candidate.detect(image)
        except FAULTS as error:
            trial.fault = f"a look failed ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            trial.over.set()
            return None
        with self._lock:
            trial.left -= 1
            if trial.left <= 0:
                trial.over.set()
        return found, trial.candidate.ref
