"""The detector: picture in, people and heads out, with three answers for hat and mask."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, Detection, Image, ModelRef, Worn
from models import letterbox
from models.decode.candidates import Candidates, Floats
from models.decode.families import FAMILIES
from models.errors import ModelError, RegistryError
from models.registry import SHIPPED, Band, ClassSpec, ModelEntry, load, path_of
from models.second_look import SecondLook, chosen
from models.session import Session, sha256_of
from models.suppress import suppress

_SETTLED = {Wear.WORN: 1.0, Wear.NOT_WORN: 0.0, Wear.UNKNOWN: 0.5}


def open_detector(
    name: str | None = None, *, registry: Path | None = None, threads: int | None = None
) -> "OnnxDetector":
    """Opens the named model (or the default one) of the shipped registry, or of another registry file.

    `threads`: of the runtime; by default the cores that the process may use.
    Raises RegistryError or ModelError: unknown name or family, missing file, wrong hash, or an output that the family
    does not produce. The network has run once when this returns.
    """
    path = registry or SHIPPED
    entry = load(path).entry(name)
    return OnnxDetector(entry, path_of(entry, path), path.parent, threads=threads)


class OnnxDetector:
    """A `contracts.vision.Detector` over an ONNX file. May be shared between threads."""

    def __init__(self, entry: ModelEntry, path: Path, book: Path, *, threads: int | None = None) -> None:
        """`path`: the weights; `book`: the registry's folder, for what lies beside it."""
        self.entry = entry
        if entry.family not in FAMILIES:
            known = ", ".join(sorted(FAMILIES))
            raise RegistryError(f"{entry.name}: family: {entry.family!r} is unknown, expected one of: {known}")
        self._decode = FAMILIES[entry.family]
        if entry.address is not None and not path.exists():
            raise ModelError(f"{entry.name}: file: not fetched yet, run: sunlit models fetch {entry.name}")
        found = sha256_of(path)
        if found != entry.sha256:
            raise ModelError(f"{entry.name}: sha256: {path} has {found}, expected {entry.sha256}")
        self.session = Session(path, threads=threads)
        self.second = SecondLook(entry.second, book, threads=threads) if entry.second is not None else None
        self._warm_up()

    @property
    def ref(self) -> ModelRef:
        return ModelRef(self.entry.name, self.entry.version, self.entry.sha256)

    def detect(self, image: Image, *, min_score: float | None = None) -> list[Detection]:
        """People and heads in one picture (height x width x 3, BGR), best first, boxes in its pixels.

        At the shipped thresholds, or at `min_score` (0-1) for every class. Raises ValueError for another shape.
        """
        return self.detect_all([image], min_score=min_score)[0]

    def detect_all(self, images: Sequence[Image], *, min_score: float | None = None) -> list[list[Detection]]:
        """As `detect`, for several pictures: in one run where the graph takes batches and they fill it alike."""
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
                raise ValueError(f"image: shape {image.shape}, expected (height, width, 3)")
        spec = self.entry.input
        fits = [letterbox.fit(image.shape[:2], spec) for image in images]
        blobs = [letterbox.blob(image, where, spec) for image, where in zip(images, fits, strict=True)]
        alike = len({blob.shape for blob in blobs}) == 1
        if len(blobs) > 1 and alike and self.session.takes_batches:
            whole = self.session.run(np.concatenate(blobs))
            runs = [[part[i : i + 1] for part in whole] for i in range(len(blobs))]
        else:
            runs = [list(self.session.run(blob)) for blob in blobs]
        rows = zip(images, fits, runs, strict=True)
        return [
            self.look_again(image, self.read(outputs, where, image.shape[:2], min_score))
            for image, where, outputs in rows
        ]

    def look_again(self, image: Image, found: list[Detection]) -> list[Detection]:
        """The detections of a picture with hat and mask averaged with those of the second look, where there is one."""
        if self.second is None:
            return found
        rows = chosen(found, self.entry.min_head, self.second.spec.most)
        again = self.second.worn(image, [found[i].box for i in rows])
        looked, share = list(found), self.second.spec.share
        for i, (hat, mask) in zip(rows, again.tolist(), strict=True):
            first = found[i]
            worn = (_mean(first.hat, hat, share, self.entry.hat), _mean(first.mask, mask, share, self.entry.mask))
            looked[i] = Detection(first.kind, first.box, first.score, *worn)
        return looked

    def read(
        self, outputs: Sequence[Floats], where: letterbox.Fit, picture: tuple[int, ...], min_score: float | None = None
    ) -> list[Detection]:
        """The network's outputs for a picture of (height, width) as detections."""
        size = (picture[0], picture[1])
        candidates = self._decode(outputs, (where.height, where.width))
        found: list[Detection] = []
        for kind in ObjectKind:
            classes = [spec for spec in self.entry.classes if spec.kind is kind]
            if classes:
                found += self._of_kind(classes, candidates, where, size, min_score)
        return sorted(found, key=lambda detection: -detection.score)

    def _of_kind(
        self,
        classes: list[ClassSpec],
        candidates: Candidates,
        where: letterbox.Fit,
        picture: tuple[int, int],
        min_score: float | None,
    ) -> list[Detection]:
        """Two classes of one kind (a face with, and without a mask) compete for the same object."""
        scores = candidates.scores[:, [spec.index for spec in classes]]
        floors = np.array([spec.threshold if min_score is None else min_score for spec in classes], np.float32)
        rows, columns = np.nonzero(scores >= floors)
        shared = candidates.boxes.shape[1] == 1
        indices = np.array([spec.index for spec in classes], np.intp)
        boxes = candidates.boxes[rows, 0 if shared else indices[columns]]
        boxes = where.back(boxes, picture)
        kept = suppress(boxes, scores[rows, columns], self.entry.overlap)
        return [
            self._detection(classes[columns[i]], boxes[i], float(scores[rows[i], columns[i]]), candidates, int(rows[i]))
            for i in kept
        ]

    def _detection(self, spec: ClassSpec, box: Floats, score: float, candidates: Candidates, row: int) -> Detection:
        x1, y1, x2, y2 = (float(v) for v in box)
        clear = y2 - y1 >= self.entry.min_head
        hat = mask = None
        if spec.kind is ObjectKind.HEAD:
            hat = _worn(spec.hat, candidates.hat, row, self.entry.hat, clear)
            mask = _worn(spec.mask, candidates.mask, row, self.entry.mask, clear)
        return Detection(spec.kind, Box(x1, y1, x2, y2), score, hat, mask)

    def _warm_up(self) -> None:
        """Runs once on an empty picture, so that a wrong shape is an error now."""
        spec, entry = self.entry.input, self.entry
        where = letterbox.fit((spec.height, spec.width), spec)
        try:
            outputs = self.session.run(np.zeros((1, 3, where.height, where.width), np.float32))
            classes = self._decode(outputs, (where.height, where.width)).scores.shape[1]
        except (ValueError, ModelError) as error:
            raise ModelError(f"{entry.name}: family {entry.family!r}: {error}") from error
        highest = max(spec.index for spec in entry.classes)
        if highest >= classes:
            raise ModelError(f"{entry.name}: classes: index {highest}, expected less than {classes} as in the output")


def _worn(settled: Wear | None, scores: Floats | None, row: int, band: Band | None, clear: bool) -> Worn | None:
    """An attribute that the class settles, or one with its own score; None where the model does not say."""
    if settled is not None:
        return Worn(settled, _SETTLED[settled])
    if scores is None or band is None:
        return None
    score = float(scores[row])
    return _told(score, band) if clear else Worn(Wear.UNKNOWN, score)


def _told(score: float, band: Band) -> Worn:
    if band.below <= score <= band.above:
        return Worn(Wear.UNKNOWN, score)
    return Worn(Wear.WORN if score > band.above else Wear.NOT_WORN, score)


def _mean(first: Worn | None, again: float, share: float, band: Band | None) -> Worn | None:
    if first is None or band is None:
        return first
    return _told((1 - share) * first.score + share * again, band)
