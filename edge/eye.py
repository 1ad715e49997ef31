"""The detector that all cameras share: one picture a core, exchanged on trial, and left behind when it hangs."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

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
LOOK_S, FIRST_LOOK_S = 10.0, 60.0
"""the first look fills the network's caches and takes longer"""
ASK_S = 0.5


class EyeStuck(RuntimeError):
    """The detector did not answer in time; the next look opens another one."""


class _Worker:
    """A detector in threads of its own: a call that never returns cannot be stopped, but it can be left behind."""

    def __init__(self, detector: Detector, at_once: int) -> None:
        self.detector = detector
        self.looked = False
        self.took_ms: float | None = None
        """how long a look takes lately"""
        self._began: dict[int, float] = {}
        """when the looks that are going on began: what waits for its turn is not late"""
        self.pool = ThreadPoolExecutor(at_once, "eye")

    def detect(self, image: Image) -> Sequence[Detection]:
        me, began = threading.get_ident(), time.monotonic()
        self._began[me] = began
        try:
            return self.detector.detect(image)
        finally:
            took = 1000 * (time.monotonic() - began)
            self.took_ms = took if self.took_ms is None else 0.9 * self.took_ms + 0.1 * took
            self.looked = True
            del self._began[me]

    def stuck(self, look_s: float) -> bool:
        limit = look_s if self.looked else FIRST_LOOK_S
        return any(time.monotonic() - began > limit for began in list(self._began.values()))

    def ask(self, image: Image, look_s: float) -> Sequence[Detection]:
        """Raises EyeStuck, and what the detector raises."""
        try:
            asked = self.pool.submit(self.detect, image)
        except RuntimeError as error:
            raise EyeStuck("the detector is being opened again, as it did not answer") from error
        while True:
            try:
                return asked.result(ASK_S)
            except NotYet:
                # A detector may raise the same; then it is done.
                if asked.done():
                    raise
                if self.stuck(look_s):
                    raise EyeStuck(f"the detector did not answer within {look_s:g} s; opening it again") from None

    def leave(self) -> None:
        """A stuck call keeps its thread; everybody who waits behind it is told as well."""
        self.pool.shutdown(wait=False)


class Trial:
    """A new detector that has yet to prove itself on `looks` pictures."""

    def __init__(self, candidate: Detector, looks: int, at_once: int = 1) -> None:
        self.candidate, self.left = candidate, looks
        self.worker = _Worker(candidate, at_once)
        self.over = threading.Event()
        self.fault = ""
        """why it failed; empty while it runs and when it was good"""


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener, at_once: int = 1, look_s: float = LOOK_S) -> None:
        """`at_once`: pictures looked at side by side; a run that has all cores wants 1, one that has a core wants more.

        Measured on two cores: two runs of one thread each do 1.5 to 1.8 times the work of one run with two threads.
        """
        self._name, self._opener, self._at_once, self._look_s = name, opener, at_once, look_s
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._trial: Trial | None = None

    @property
    def ref(self) -> ModelRef | None:
        """The detector that is kept; None before the first look."""
        worker = self._worker
        return worker.detector.ref if worker is not None else None

    def open(self) -> ModelRef:
        """Opens the detector if it is not; which one it is. Raises what the opener raises."""
        return self._opened().detector.ref

    def _opened(self) -> _Worker:
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(self._opener(self._name), self._at_once)
            return self._worker

    def look(self, image: Image) -> tuple[Sequence[Detection], ModelRef]:
        """What is in a picture, and which model said so. Raises EyeStuck, and what opener and detector raise."""
        trial = self._trial
        if trial is not None:
            found = self._look_on_trial(trial, image)
            if found is not None:
                return found
        worker = self._opened()
        try:
            return worker.ask(image, self._look_s), worker.detector.ref
        except EyeStuck:
            with self._lock:
                if self._worker is worker:
                    self._worker = None
                    worker.leave()
            raise

    def try_out(self, candidate: Detector, looks: int) -> Trial:
        """Looks with `candidate` from now on; it stays after so many good looks, and goes at the first bad one.

        Raises ModelError while another one is on trial.
        """
        with self._lock:
            if self._trial is not None:
                raise ModelError(f"{self._trial.candidate.ref.name}: another model is on trial, expected none")
            self._trial = Trial(candidate, looks, self._at_once)
            return self._trial

    def settle(self, trial: Trial, *, keep: bool) -> None:
        """Ends a trial: the candidate is kept, or the detector from before it looks again."""
        with self._lock:
            if self._trial is trial:
                self._trial = None
            left, self._worker = (self._worker, trial.worker) if keep else (trial.worker, self._worker)
        if left is not None:
            left.leave()

    def words(self) -> dict[str, str]:
        """For a camera's status: which model looks, and how long a look takes lately."""
        worker = self._worker
        if worker is None or worker.took_ms is None:
            return {}
        ref = worker.detector.ref
        return {"model": f"{ref.name} {ref.version} {ref.sha256}", "inference_ms": f"{worker.took_ms:.0f}"}

    def _look_on_trial(self, trial: Trial, image: Image) -> tuple[Sequence[Detection], ModelRef] | None:
        if trial.fault:
            return None
        try:
            found = trial.worker.ask(image, self._look_s)
        except FAULTS as error:
            trial.fault = f"a look failed ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            trial.over.set()
            return None
        with self._lock:
            trial.left -= 1
            if trial.left <= 0:
                trial.over.set()
        return found, trial.candidate.ref
