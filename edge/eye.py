"""The detector that all cameras of an agent share: opened once, one picture at a time."""

import threading
from collections.abc import Callable, Sequence

from contracts.vision import Detection, Detector, Image, ModelRef

Opener = Callable[[str | None], Detector]


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener) -> None:
        self._name, self._opener = name, opener
        self._lock = threading.Lock()
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
        # One at a time: the network uses all cores, two at once would only wait for each other.
        with self._lock:
            return self._detector.detect(image), self._detector.ref
