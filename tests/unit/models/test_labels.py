import json
from pathlib import Path

import pytest

from models.errors import ModelError
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


IMAGE = {"id": 1, "file_name": "images/some_1.jpg", "width": 90, "height": 80}


def written(folder: Path, coco: dict[str, object]) -> Path:
    (folder / "coco.json").write_text(json.dumps({"images": [IMAGE], "annotations": [], **coco}))
    return folder


def test_names_count_and_not_numbers_and_other_things_are_left_alone(tmp_path: Path) -> None:
    categories = [{"id": 40, "name": "face_mask"}, {"id": 41, "name": "bicycle"}]
    notes = [{"image_id": 1, "category_id": number, "bbox": [20, 30, 10, 12]} for number in (40, 41)]
    (picture,) = load(written(tmp_path, {"categories": categories, "annotations": notes}))
    assert picture.objects[:, [0, 6]].tolist() == [[HEAD, YES]]
    assert picture.split == "val" and picture.looked_for == (HEAD, PERSON)


def test_the_face_of_a_head_box_is_found_back(tmp_path: Path) -> None:
    box = head_of_face(30, 40, 12, 16)
    note = {"image_id": 1, "category_id": 5, "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
    (picture,) = load(written(tmp_path, {"annotations": [note]}))
    x, y, w, h = picture.faces[0]
    assert (y, h) == pytest.approx((40, 16), abs=0.01) and x + w / 2 == pytest.approx(36)


@pytest.mark.parametrize(
    ("coco", "said"),
    [
        (
            {"images": [{**IMAGE, "width": "wide"}]},
            r"coco\.json: Expected `int`, got `str` - at `\$\.images\[0\]\.width`",
        ),
        ({"annotations": [{"image_id": 1, "category_id": 9, "bbox": [1, 2, 3, 4]}]}, "category_id 9, expected one of"),
        ({"categories": [{"id": 1, "name": "cat"}]}, r"categories: \['cat'\], expected some of: person, face_nomask"),
        ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2]}]}, r"at `\$\.annotations\[0\]\.bbox`"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_place(tmp_path: Path, coco: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load(written(tmp_path, coco))


@pytest.mark.parametrize("mark", ["iscrowd", "ignore"])
def test_a_crowd_is_a_region_and_no_object(tmp_path: Path, mark: str) -> None:
    image = {"id": 7, "file_name": "images/some_1.jpg", "width": 90, "height": 80, "split": "val"}
    note = {"image_id": 7, "category_id": 3, "bbox": [20, 30, 10, 12], mark: 1}
    coco = {"images": [{**image, "labelled_categories": [*FACES, "person"]}], "annotations": [note]}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    (picture,) = load(tmp_path)
    assert not len(picture.objects) and picture.looked_for == (HEAD, PERSON)
    assert picture.ignored.tolist() == [[HEAD, 20, 30, 30, 42]]
