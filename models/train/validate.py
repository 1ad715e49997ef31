"""A quick look at the validation pictures while training goes on: is it still getting better?"""

from pathlib import Path

import msgspec

from contracts.kinds import ObjectKind
from models import labels, registry
from models.detector import OnnxDetector
from models.evaluate import metrics
from models.evaluate.match import KINDS, Outcome, compare
from models.evaluate.report import read
from models.session import sha256_of

_PICTURES = 90
_FLOOR = 0.05


class Watch:
    """Judges exported graphs of our own family, and says when there is no more to gain."""

    def __init__(self, data: Path, patience: int) -> None:
        pictures = [p for p in labels.load(data) if p.split == "val"]
        self._pictures = pictures[:: max(1, len(pictures) // _PICTURES)]
        self._patience, self._best, self._idle = patience, 0.0, 0

    def better(self, graph: Path) -> tuple[float, bool]:
        """The mean AP50 of heads and people, and whether it is the best so far."""
        entry = msgspec.structs.replace(registry.load().entry(), sha256=sha256_of(graph), second=None)
        detector = OnnxDetector(entry, graph, graph.parent)
        outcomes = [outcome for picture in self._pictures for outcome in _outcomes(detector, picture)]
        each = [metrics.average_precision([o for o in outcomes if o.kind is kind]) for kind in ObjectKind]
        score = sum(ap or 0.0 for ap in each) / len(each)
        best = score > self._best
        self._best, self._idle = max(self._best, score), 0 if best else self._idle + 1
        return score, best

    @property
    def over(self) -> bool:
        """Whether as many looks as the patience brought nothing better."""
        return self._idle >= self._patience


def _outcomes(detector: OnnxDetector, picture: labels.Picture) -> list[Outcome]:
    image = read(picture.path)
    found = detector.detect(image, min_score=_FLOOR)
    kinds = [kind for kind in ObjectKind if KINDS[kind] in picture.looked_for]
    return [compare(picture, kind, found, longer_side=max(image.shape[:2]), floor=_FLOOR) for kind in kinds]
