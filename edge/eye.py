"""The detector that all cameras of an agent share: opened once, one picture at a time."""

import threading
import time
from collections.abc import Callable, Sequence

from contracts.vision import Detection, Detector, Image, ModelRef

Opener = Callable[[str | None], Detector]


class Eye:
    """Opened by the first camera that starts, not by the agent: a model that cannot be opened stops no lift."""

    def __init__(self, name: str | None, opener: Opener) -> None:
        self._name, self._opener = name, opener
        self._lock = threading.Lock()
        self._detector: Detector | None = None
        self._took_ms: float | None = None

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
            began = time.monotonic()
            found = self._detector.detect(image)
            took = 1000 * (time.monotonic() - began)
            self._took_ms = took if self._took_ms is None else 0.9 * self._took_ms + 0.1 * took
            return found, self._detector.ref

    def words(self) -> dict[str, str]:
        """For a camera's status: which model looks, and how long a look takes lately."""
        if self._detector is None or self._took_ms is None:
            return {}
        ref = self._detector.ref
        return {"model": f"{ref.name} {ref.version} {ref.sha256}", "inference_ms": f"{self._took_ms:.0f}"}
