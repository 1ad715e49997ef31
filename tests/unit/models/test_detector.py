import shutil
from pathlib import Path

import numpy as np
import pytest

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Detection, Detector, Worn
from models import letterbox, registry
from models.detector import OnnxDetector, open_detector
from models.errors import ModelError, RegistryError

PICTURE = (384, 384)


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return open_detector(threads=1)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A copy of the shipped registry with its weights, free to be spoilt."""
    shutil.copytree(registry.SHIPPED.parent / "weights", tmp_path / "weights")
    return Path(shutil.copy(registry.SHIPPED, tmp_path))


def spoil(book: Path, old: str, new: str) -> None:
    text = book.read_text()
    assert old in text
    book.write_text(text.replace(old, new))


def seen(detector: OnnxDetector, *rows: tuple[int, list[float]]) -> list[tuple[ObjectKind, float]]:
    return [(d.kind, round(d.score, 2)) for d in read(detector, *rows)]


def read(detector: OnnxDetector, *rows: tuple[int, list[float]]) -> list[Detection]:
    """What the detector makes of an output that is empty but for the given rows."""
    raw = np.zeros((1, 48 * 48 + 24 * 24 + 12 * 12, 12), np.float32)
    for index, values in rows:
        raw[0, index] = values
    return detector.read([raw], letterbox.fit(PICTURE, detector.entry.input), PICTURE)


def told(worn: Worn | None) -> Worn:
    assert worn is not None
    return worn


def row(head: float = 0.0, person: float = 0.0, hat: float = 0.5, mask: float = 0.5) -> list[float]:
    return [head, 1, 1, 1, 1, hat, mask, person, 1, 1, 1, 1]


def test_it_is_what_the_contract_asks_for(detector: OnnxDetector) -> None:
    promised: Detector = detector
    entry = registry.load().entry()
    assert (promised.ref.name, promised.ref.sha256) == (entry.name, entry.sha256)
    assert promised.detect(np.zeros((360, 640, 3), np.uint8)) == []


@pytest.mark.parametrize("shape", [(360, 640), (360, 640, 4), (0, 640, 3)])
def test_what_is_no_picture_is_refused(detector: OnnxDetector, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected \\(height, width, 3\\)"):
        detector.detect(np.zeros(shape, np.uint8))


def test_heads_and_people_do_not_suppress_each_other(detector: OnnxDetector) -> None:
    assert seen(detector, (300, row(head=0.9, person=0.8))) == [(ObjectKind.HEAD, 0.9), (ObjectKind.PERSON, 0.8)]


def test_of_two_rows_on_one_head_the_better_stays(detector: OnnxDetector) -> None:
    assert seen(detector, (300, row(head=0.7)), (301, row(head=0.9))) == [(ObjectKind.HEAD, 0.9)]


def test_below_the_threshold_nothing_is_said(detector: OnnxDetector) -> None:
    assert seen(detector, (300, row(head=0.05, person=0.05))) == []


@pytest.mark.parametrize(("score", "state"), [(0.02, Wear.NOT_WORN), (0.5, Wear.UNKNOWN), (0.98, Wear.WORN)])
def test_an_attribute_has_three_answers(detector: OnnxDetector, score: float, state: Wear) -> None:
    (found,) = read(detector, (300, row(head=0.9, hat=score, mask=score)))
    assert told(found.hat).state is state and told(found.mask).state is state
    assert told(found.hat).score == pytest.approx(score)


def test_a_person_carries_no_attributes(detector: OnnxDetector) -> None:
    (found,) = read(detector, (300, row(person=0.9)))
    assert found.hat is None and found.mask is None


def test_a_head_of_a_few_pixels_cannot_be_told(book: Path) -> None:
    spoil(book, "min_head = 14", "min_head = 100")
    (found,) = read(open_detector(registry=book, threads=1), (300, row(head=0.9, hat=0.01)))
    assert told(found.hat).state is Wear.UNKNOWN and told(found.hat).score == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'family = "sunlit"',
            'family = "moonlit"',
            "family: 'moonlit' is unknown, expected one of: detr, .*sunlit, ulfg",
        ),
        ("weights/sunlit-heads-1.onnx", "weights/gone.onnx", r"gone\.onnx cannot be read"),
        ('family = "sunlit"', 'family = "ulfg"', r"family 'ulfg': output shapes .* expected \[\(1, N, 1 \+ classes\)"),
        ("index = 1", "index = 5", "classes: index 5, expected less than 2"),
    ],
)
def test_what_is_wrong_is_said_on_opening(book: Path, old: str, new: str, said: str) -> None:
    spoil(book, old, new)
    with pytest.raises((RegistryError, ModelError), match=said) as error:
        open_detector(registry=book)
    assert "\n" not in str(error.value)


def test_a_wrong_hash_names_both(book: Path) -> None:
    entry = registry.load().entry()
    spoil(book, entry.sha256, "0" * 64)
    with pytest.raises(ModelError, match=f"{entry.sha256}, expected {'0' * 64}"):
        open_detector(registry=book)


def test_a_class_may_settle_the_attribute(book: Path) -> None:
    spoil(book, 'kind = "head"', 'kind = "head"\nmask = "not_worn"')
    (found,) = read(open_detector(registry=book, threads=1), (300, row(head=0.9, mask=0.99)))
    assert told(found.mask) == Worn(Wear.NOT_WORN, 0.0)
