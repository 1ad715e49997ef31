"""The detector that all cameras of an agent share: opened once, one picture at a time, given up when it hangs."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

from contracts.vision import Detection, Detector, Image, ModelRef

Opener = Callable[[str | None], Detector]
LOOK_S, FIRST_LOOK_S = 10.0, 60.0
"""the first look fills the network's caches and takes longer"""
ASK_S = 0.5


class EyeStuck(RuntimeError):
    """The detector did not answer in time; the next look opens another one."""


class _Worker:
    """A detector in a thread of its own: a call that never returns cannot be stopped, but it can be left behind."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.began: float | None = None
        """when the look that is going on began: what waits for its turn is not late"""
        self.looked = False
        # One at a time: the network uses all cores, two at once would only wait for each other.
        self.pool = ThreadPoolExecutor(1, "eye")

    def detect(self, image: Image) -> Sequence[Detection]:
        self.began = time.monotonic()
        try:
            return self.detector.detect(image)
        finally:
            self.began, self.looked = None, True

    def stuck(self, look_s: float) -> bool:
        began = self.began
        return began is not None and time.monotonic() - began > (look_s if self.looked else FIRST_LOOK_S)


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener, look_s: float = LOOK_S) -> None:
        self._name, self._opener, self._look_s = name, opener, look_s
        self._lock = threading.Lock()
        self._worker: _Worker | None = None

    def open(self) -> ModelRef:
        """Opens the detector if it is not; which one it is. Raises what the opener raises."""
        return self._opened().detector.ref

    def _opened(self) -> _Worker:
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(self._opener(self._name))
            return self._worker

    def look(self, image: Image) -> tuple[Sequence[Detection], ModelRef]:
        """What is in a picture, and which model said so. Raises EyeStuck, and what opener and detector raise."""
        worker = self._opened()
        try:
            asked = worker.pool.submit(worker.detect, image)
        except RuntimeError as error:
            raise EyeStuck("the detector is being opened again, as it did not answer") from error
        while True:
            try:
                return asked.result(ASK_S), worker.detector.ref
            except NotYet:
                # A detector may raise the same; then it is done.
                if asked.done():
                    raise
                if worker.stuck(self._look_s):
                    self._leave(worker)
                    raise EyeStuck(f"the detector did not answer within {self._look_s:g} s; opening it again") from None

    def _leave(self, worker: _Worker) -> None:
        """The stuck call keeps its thread; everybody who waits behind it is told as well."""
        with self._lock:
            if self._worker is worker:
                self._worker = None
                worker.pool.shutdown(wait=False)
