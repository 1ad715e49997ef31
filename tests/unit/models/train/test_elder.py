from pathlib import Path

import numpy as np
import pytest

from models.labels import HEAD, NO, PERSON, UNLABELLED, YES, objects_of, regions_of
from models.train import elder

CHEF, MECHANIC = Path("pool/doctor/none.jpg"), Path("pool/mechanic/none.jpg")
BOX = (10.0, 10.0, 50.0, 60.0)
NOTHING = regions_of([])


def told(
    path: Path, objects: list[tuple[float, ...]], *heads: tuple[float, float, float]
) -> tuple[list[list[float]], list[list[float]]]:
    rows, regions = elder.told(path, objects_of(objects), NOTHING, [[*BOX, *head] for head in heads])
    return rows.tolist(), regions.tolist()


def test_what_it_is_sure_of_fills_what_nobody_labelled() -> None:
    rows, _ = told(CHEF, [(HEAD, *BOX, UNLABELLED, NO)], (0.9, 0.99, 0.99))
    assert rows == [[HEAD, *BOX, YES, NO]], "a label stands against the elder"


@pytest.mark.parametrize(("score", "said"), [(0.93, YES), (0.92, UNLABELLED), (0.08, UNLABELLED), (0.07, NO)])
def test_where_it_hesitates_nothing_is_taught(score: float, said: float) -> None:
    rows, _ = told(CHEF, [(HEAD, *BOX, UNLABELLED, UNLABELLED)], (0.9, score, 0.5))
    assert rows[0][5] == said


def test_a_helmet_is_no_kitchen_hat() -> None:
    assert told(MECHANIC, [(HEAD, *BOX, UNLABELLED, UNLABELLED)], (0.9, 0.99, 0.5))[0][0][5] == UNLABELLED
    assert told(MECHANIC, [(HEAD, *BOX, UNLABELLED, UNLABELLED)], (0.9, 0.01, 0.5))[0][0][5] == NO


def test_a_head_that_was_missed_is_added_when_sure_and_ignored_when_not() -> None:
    person = (PERSON, 0.0, 0.0, 60.0, 200.0, UNLABELLED, UNLABELLED)
    rows, regions = told(CHEF, [person], (0.5, 0.99, 0.01))
    assert rows[1] == [HEAD, *BOX, YES, NO] and not regions
    rows, regions = told(CHEF, [person], (0.3, 0.99, 0.01))
    assert len(rows) == 1 and regions == [[HEAD, *BOX]]


def test_what_somebody_saw_stands_above_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elder, "_EYE", {"doctor/none.jpg": [[*BOX, YES, 0.5]]})
    assert elder.looked_at(CHEF) and not elder.looked_at(MECHANIC)
    rows, _ = told(CHEF, [(HEAD, *BOX, NO, YES)], (0.9, 0.01, 0.99))
    assert rows == [[HEAD, *BOX, YES, 0.5]]


def test_the_labels_by_eye_are_boxes_with_known_answers() -> None:
    rows = np.array([row for rows in elder._EYE.values() for row in rows])
    assert len(rows) > 200
    assert (rows[:, 2] > rows[:, 0]).all() and (rows[:, 3] > rows[:, 1]).all()
    assert set(rows[:, 4]) <= {0, 1, -1} and set(rows[:, 5]) <= {0, 0.5, 1}
