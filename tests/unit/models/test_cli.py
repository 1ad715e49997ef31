import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.drawn import Scene
from models import registry
from models.cli import app

run = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them deeper, and a file that is none."""
    root = tmp_path / "pictures"
    (root / "deep" / "er").mkdir(parents=True)
    cv2.imwrite(str(root / "a.png"), np.zeros((90, 160, 3), np.uint8))
    cv2.imwrite(str(root / "deep" / "er" / "b.jpg"), np.zeros((60, 50, 3), np.uint8))
    (root / "broken.jpg").write_bytes(b"no picture")
    (root / "notes.txt").write_text("not looked at")
    return root


def test_detect_writes_one_line_per_picture_and_lists_what_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "preds.jsonl"
    result = run.invoke(app, ["detect", str(folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert rows == [
        {"file": "a.png", "width": 160, "height": 90, "detections": []},
        {"file": "broken.jpg", "error": "not a picture that can be read"},
        {"file": "deep/er/b.jpg", "width": 50, "height": 60, "detections": []},
    ]


def test_a_lower_score_shows_more_in_the_shape_that_others_read(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "preds.jsonl"
    run.invoke(app, ["detect", str(folder), "--out", str(out), "--min-score", "0"])
    found = json.loads(out.read_text().splitlines()[0])["detections"]
    assert {row["kind"] for row in found} == {"head", "person"}
    for row in found:
        x1, y1, x2, y2 = row["box"]
        assert 0 <= x1 <= x2 <= 160 and 0 <= y1 <= y2 <= 90
        assert row["hat"] is None if row["kind"] == "person" else row["hat"]["state"] in ("worn", "not_worn", "unknown")


def test_list_names_every_model() -> None:
    result = run.invoke(app, ["list", "--json"])
    assert [entry["name"] for entry in json.loads(result.stdout)["model"]] == [e.name for e in registry.load().model]


def test_verify_opens_what_is_shipped() -> None:
    assert run.invoke(app, ["verify"]).exit_code == 0


def test_verify_fails_on_a_spoilt_file(tmp_path: Path) -> None:
    book = Path(shutil.copy(registry.SHIPPED, tmp_path))
    result = run.invoke(app, ["verify", "--registry", str(book)])
    assert result.exit_code == 1 and "cannot be read" in result.stderr


def test_an_unknown_model_is_one_line_and_no_traceback(folder: Path, tmp_path: Path) -> None:
    result = run.invoke(app, ["detect", str(folder), "--out", str(tmp_path / "x"), "--model", "nobody"])
    assert result.exit_code == 1
    assert "'nobody' is not in the registry" in result.stderr and "Traceback" not in result.stderr


def test_bench_reports_the_steps() -> None:
    result = run.invoke(app, ["bench", "--json", "--rounds", "2"])
    report = json.loads(result.stdout)
    assert report["threads"] == 1 and report["rounds"] == 2
    assert {"resize_ms", "inference_ms", "post_ms", "total_ms", "frames_per_second", "ratio"} <= set(report)


def test_evaluate_measures_a_labelled_folder(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "iden_1.jpg"), np.zeros((100, 100, 3), np.uint8))
    note = {"id": 1, "image_id": 1, "category_id": 6, "bbox": [10, 10, 40, 50], "face_bbox": [20, 30, 20, 25]}
    image = {
        "id": 1,
        "file_name": "images/iden_1.jpg",
        "width": 100,
        "height": 100,
        "split": "val",
        "labelled_categories": ["head_hat", "head_nohat", "head_otherhat"],
    }
    (tmp_path / "coco.json").write_text(json.dumps({"images": [image], "annotations": [note]}))
    result = run.invoke(app, ["evaluate", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["head"]["iden"]["recall"]["value"] == 0.0
    assert report["head"]["all"]["hat"]["violation_recall"]["value"] == 0.0
    assert report["head"]["all"]["mask"] is None


def test_evaluate_without_labels_says_so(tmp_path: Path) -> None:
    result = run.invoke(app, ["evaluate", "--data", str(tmp_path)])
    assert result.exit_code == 1 and "coco.json" in result.stderr


def test_a_split_without_pictures_is_said_and_not_measured_as_nothing(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "images/some_1.jpg", "width": 90, "height": 80, "split": "test"}
    (tmp_path / "coco.json").write_text(json.dumps({"images": [image], "annotations": []}))
    result = run.invoke(app, ["evaluate", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "split: 'val' has no picture" in result.output and "expected all or one of: test" in result.output


def test_what_is_set_aside_is_no_false_head_and_a_wrong_file_is_named(tmp_path: Path) -> None:
    scene = np.asarray(Scene(1).frame(0)[0])
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "iden_1.png"), scene)
    image = {
        "id": 1,
        "file_name": "images/iden_1.png",
        "width": scene.shape[1],
        "height": scene.shape[0],
        "split": "val",
        "labelled_categories": ["head_hat", "head_nohat", "head_otherhat"],
    }
    (tmp_path / "coco.json").write_text(json.dumps({"images": [image], "annotations": []}))
    whole = tmp_path / "aside.json"
    whole.write_text(json.dumps({"iden_1.png": [[0, 0, scene.shape[1], scene.shape[0]]]}))

    def false_heads(*more: str) -> tuple[float, int]:
        result = run.invoke(app, ["evaluate", "--data", str(tmp_path), "--json", *more])
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)
        return report["head"]["all"]["false_per_picture"]["value"], report["set_aside"]

    assert false_heads()[0] >= 3 and false_heads("--set-aside", str(whole)) == (0.0, 1)
    whole.write_text('{"iden_1.png": [[1, 2]]}')
    wrong = run.invoke(app, ["evaluate", "--data", str(tmp_path), "--set-aside", str(whole)])
    assert wrong.exit_code == 1 and "set-aside" in wrong.output and "Traceback" not in wrong.output
