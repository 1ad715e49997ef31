"""The detector that all cameras of an agent share: opened once, as many pictures at a time as there are cores."""

import threading
from collections.abc import Callable, Sequence

from contracts.vision import Detection, Detector, Image, ModelRef

Opener = Callable[[str | None], Detector]


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener, at_once: int = 1) -> None:
        """`at_once`: pictures looked at side by side; a run that has all cores wants 1, one that has a core wants more.

        Measured on two cores: two runs of one thread each do 1.5 to 1.8 times the work of one run with two threads.
        """
        self._name, self._opener = name, opener
        self._lock, self._places = threading.Lock(), threading.BoundedSemaphore(at_once)
        self._detector: Detector | None = None

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
            return self._detector.detect(image), self._detector.ref
