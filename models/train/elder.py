"""An earlier net of ours as a teacher: hats and masks that nobody labelled, and heads that the face detector missed.

Only what it is sure of is taken; where it hesitates, nothing is taught. Look at a contact sheet before using it.
"""

from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from rich.progress import track

from models import letterbox
from models.decode import sunlit, yunet
from models.labels import HEAD, NO, UNLABELLED, YES, Rows, objects_of, regions_of
from models.registry import InputSpec
from models.session import usable_cores
from models.suppress import suppress
from models.train.paste import covered
from models.train.teachers import key

_SPEC = InputSpec(width=416, height=416, colour="bgr", free=True)
_HEAD_FLOOR, _HEAD_SURE = 0.2, 0.5
_SURE_WORN, _SURE_BARE = 0.93, 0.07
_CLEAR = 40
"""Pixels; where a head of this height shows no face, the elder saw a hand, a bowl or a lamp: looked at on sheets."""
_ANY_FACE = 0.15
_WORKWEAR = ("engineer", "mechanic")
"""Helmets and baseball caps are no kitchen hats and not bare heads either."""


_EYE: dict[str, list[tuple[float, ...]]] = msgspec.json.decode(Path(__file__).with_name("looked_at.json").read_bytes())
"""By picture of the pool: head box, hat, mask (1 worn, 0 not worn, -1 left open, 0.5 nobody could tell)."""
_FACES = InputSpec(width=320, height=320, colour="bgr", pad=0)


class Elder:
    """Runs an exported graph of our own family, and a public face detector beside it, on all cores."""

    def __init__(self, graph: Path, faces: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._faces = ort.InferenceSession(faces, options, providers=["CPUExecutionProvider"])

    def faces(self, image: NDArray[Any]) -> NDArray[Any]:
        """Head boxes (n x 4) around everything that may be a face."""
        where = letterbox.fit(image.shape[:2], _FACES)
        name = self._faces.get_inputs()[0].name
        found = yunet.decode(self._faces.run(None, {name: letterbox.blob(image, where, _FACES)}), (320, 320))
        return where.back(found.boxes[found.scores[:, 0] >= _ANY_FACE, 0], image.shape[:2])

    def heads(self, image: NDArray[Any]) -> list[list[float]]:
        """Rows of x1, y1, x2, y2, score, hat, mask in pixels, best first; large ones only where a face is."""
        where = letterbox.fit(image.shape[:2], _SPEC)
        outputs = self._session.run(None, {"image": letterbox.blob(image, where, _SPEC)})
        found = sunlit.decode(outputs, (where.height, where.width))
        keep = found.scores[:, 0] >= _HEAD_FLOOR
        boxes, scores = where.back(found.boxes[keep, 0], image.shape[:2]), found.scores[keep, 0]
        assert found.hat is not None and found.mask is not None, "our family always says both"
        worn = np.stack([found.hat[keep], found.mask[keep]], 1)
        faces = self.faces(image)
        kept = [i for i in suppress(boxes, scores, 0.5) if _height(boxes[i]) < _CLEAR or covered(boxes[i], faces) > 0.1]
        return [[*boxes[i].tolist(), float(scores[i]), *worn[i].tolist()] for i in kept]


def told(path: Path, objects: Rows, ignored: Rows, heads: list[list[float]]) -> tuple[Rows, Rows]:
    """Objects and ignored regions with what the elder is sure of."""
    objects, extra, regions = objects.copy(), [], []
    known = objects[:, 0] == HEAD
    for x1, y1, x2, y2, score, hat, mask in heads:
        box = np.array([x1, y1, x2, y2], np.float32)
        shares = np.array([min(covered(box, row[None, 1:5]), covered(row[1:5], box[None])) for row in objects])
        shares = shares * known if len(objects) else shares
        worn = (_sure(hat), _sure(mask))
        if worn[0] == YES and path.parent.name in _WORKWEAR:
            worn = (UNLABELLED, worn[1])
        if len(shares) and shares.max() > 0.6:
            row = objects[shares.argmax()]
            row[5:7] = [new if old == UNLABELLED else old for old, new in zip(row[5:7], worn, strict=True)]
        elif score >= _HEAD_SURE and (not len(shares) or shares.max() < 0.3):
            extra.append((HEAD, x1, y1, x2, y2, *worn))
        else:
            regions.append((HEAD, x1, y1, x2, y2))
    objects = by_eye(path, np.concatenate([objects, objects_of(extra)]))
    return objects, np.concatenate([ignored, regions_of(regions)])


def looked_at(path: Path) -> bool:
    """Whether a picture has heads that somebody labelled."""
    return key(path) in _EYE


def by_eye(path: Path, objects: Rows) -> Rows:
    """Objects with the heads of the pool that somebody looked at on contact sheets: masks with caps, and backs."""
    rows = []
    for x1, y1, x2, y2, hat, mask in _EYE.get(key(path), ()):
        box = np.array([x1, y1, x2, y2], np.float32)
        same = [
            row[0] == HEAD and min(covered(box, row[None, 1:5]), covered(row[1:5], box[None])) > 0.6 for row in objects
        ]
        objects = objects[~np.array(same, bool)] if any(same) else objects
        rows.append((HEAD, x1, y1, x2, y2, hat, mask))
    return np.concatenate([objects, objects_of(rows)])


def _height(box: NDArray[Any]) -> float:
    return float(box[3] - box[1])


def _sure(score: float) -> float:
    return YES if score >= _SURE_WORN else NO if score <= _SURE_BARE else UNLABELLED


def look(graph: Path, faces: Path, paths: list[Path], cache: Path) -> dict[str, list[list[float]]]:
    """What the elder sees on every picture that can be read, by `key`; kept in `cache` for a second run."""
    if cache.exists():
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, list[list[float]]])
    elder = Elder(graph, faces)
    images = ((path, cv2.imread(str(path))) for path in track(paths, description="elder"))
    seen = {key(path): elder.heads(image) for path, image in images if image is not None}
    cache.write_bytes(msgspec.json.encode(seen))
    return seen
