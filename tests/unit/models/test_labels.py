import json
from pathlib import Path

import pytest

from models.labels import HEAD, NO, PERSON, UNLABELLED, YES, head_of_face, load

FACES = ["face_nomask", "face_mask", "face_mask_incorrect"]


def test_the_head_box_of_a_face_stands_above_it() -> None:
    assert head_of_face(10, 20, 8, 10) == pytest.approx((6, 11, 22, 31))


@pytest.mark.parametrize(
    ("category", "labelled", "kind", "hat", "mask", "missing"),
    [
        (1, ["person"], PERSON, UNLABELLED, UNLABELLED, HEAD),
        (2, FACES, HEAD, UNLABELLED, NO, PERSON),
        (3, FACES, HEAD, UNLABELLED, YES, PERSON),
        (4, FACES, HEAD, UNLABELLED, UNLABELLED, PERSON),
        (5, ["head_hat"], HEAD, YES, UNLABELLED, PERSON),
        (6, ["head_hat"], HEAD, NO, UNLABELLED, PERSON),
        (7, ["head_hat"], HEAD, UNLABELLED, UNLABELLED, PERSON),
    ],
)
def test_what_was_not_labelled_is_ignored_and_not_absent(
    tmp_path: Path, category: int, labelled: list[str], kind: float, hat: float, mask: float, missing: float
) -> None:
    image = {"id": 7, "file_name": "images/some_1.jpg", "width": 90, "height": 80, "split": "train"}
    note = {"image_id": 7, "category_id": category, "bbox": [20, 30, 10, 12], "face_bbox": [22, 33, 5, 6]}
    coco = {"images": [{**image, "labelled_categories": labelled}], "annotations": [note]}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    (picture,) = load(tmp_path)
    assert (picture.source, picture.split) == ("some", "train")
    row = picture.objects[0]
    assert (row[0], row[5], row[6]) == (kind, hat, mask)
    assert picture.ignored.tolist() == [[missing, 0, 0, 90, 80]]
    assert picture.looked_for == ((PERSON,) if kind == PERSON else (HEAD,))
    assert len(picture.faces) == (category != 1)


@pytest.mark.parametrize("mark", ["iscrowd", "ignore"])
def test_a_crowd_is_a_region_and_no_object(tmp_path: Path, mark: str) -> None:
    image = {"id": 7, "file_name": "images/some_1.jpg", "width": 90, "height": 80, "split": "val"}
    note = {"image_id": 7, "category_id": 3, "bbox": [20, 30, 10, 12], mark: 1}
    coco = {"images": [{**image, "labelled_categories": [*FACES, "person"]}], "annotations": [note]}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    (picture,) = load(tmp_path)
    assert not len(picture.objects) and picture.looked_for == (HEAD, PERSON)
    assert picture.ignored.tolist() == [[HEAD, 20, 30, 30, 42]]
