import json
from pathlib import Path

import cv2
import numpy as np

from models import registry
from models.train.validate import Watch


def test_the_same_graph_again_is_no_gain_and_ends_the_patience(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "some_1.png", "width": 96, "height": 64}
    note = {"image_id": 1, "category_id": 3, "bbox": [20, 30, 10, 12]}
    (tmp_path / "coco.json").write_text(json.dumps({"images": [image], "annotations": [note]}))
    cv2.imwrite(str(tmp_path / "some_1.png"), np.full((64, 96, 3), 90, np.uint8))
    watch = Watch(tmp_path, patience=2)
    graph = registry.path_of(registry.load().entry(), registry.SHIPPED)
    score, best = watch.better(graph)
    assert 0 <= score <= 1 and best == (score > 0)
    assert watch.better(graph) == (score, False)
    watch.better(graph)
    assert watch.over
