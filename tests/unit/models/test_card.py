import pytest

from contracts.vision import ModelRef
from models.card import BEGIN, END, paste
from models.errors import ModelError
from models.evaluate.metrics import Number
from models.evaluate.report import HeadNumbers, PersonNumbers, Report

SOME = Number(0.5, 0.4, 0.6)
NONE = Number(None, None, None)
REPORT = Report(
    ModelRef("one", "1.0", "ab" * 32),
    "val",
    7,
    {"head": 0.4, "person": 0.3},
    {"all": HeadNumbers(10, 20, SOME, SOME, SOME, NONE, None, None)},
    {"all": PersonNumbers(5, 7, SOME, SOME, SOME)},
)


def test_the_numbers_stand_between_the_marks_and_the_rest_stays() -> None:
    card = f"before\n{BEGIN}\nstale\n{END}\nafter\n"
    written = paste(card, REPORT)
    assert written.startswith("before\n") and written.endswith("\nafter\n")
    assert "stale" not in written
    assert "| all | 10 | 20 | 0.500 (0.400-0.600) | 0.500 (0.400-0.600) | 0.500 (0.400-0.600) | - |" in written
    assert (
        "7 regions with real but unlabelled heads" in written
        and "sha256 `abab" in written
        and "head 0.40, person 0.30" in written
    )


def test_pasting_twice_changes_nothing() -> None:
    once = paste(f"{BEGIN}{END}", REPORT)
    assert paste(once, REPORT) == once


@pytest.mark.parametrize("card", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_card_without_marks_is_refused(card: str) -> None:
    with pytest.raises(ModelError, match="marks"):
        paste(card, REPORT)
