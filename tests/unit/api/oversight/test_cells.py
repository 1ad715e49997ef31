"""What a list says in a file: words in the reader's language, times of the city, nothing for what is unknown."""

from datetime import UTC, date, datetime
from functools import partial

from api.i18n import text
from api.oversight.cells import cells, heads, word
from api.oversight.listing import Column
from api.oversight.lists import FINDINGS, INCIDENTS, KITCHENS, LIFTS

EN = partial(text, "en")


def test_every_column_of_every_list_has_a_head_in_both_languages() -> None:
    for of in (FINDINGS, KITCHENS, LIFTS, INCIDENTS):
        for language in ("zh", "en"):
            assert not [head for head in heads(of.columns, partial(text, language)) if head.startswith("[")]


def test_times_are_on_the_citys_clock_and_names_in_the_readers_language() -> None:
    row = {
        "name_zh": "阳光",
        "name_en": "Sunny",
        "at": datetime(2026, 11, 24, 4, 0, 5, 9, UTC),
        "day": date(2026, 1, 2),
    }
    columns = (Column("name", "name"), Column("at", "moment"), Column("day", "inspection"))
    assert cells(row, columns, "en", EN) == ["Sunny", datetime(2026, 11, 24, 12, 0, 5), date(2026, 1, 2)]  # noqa: DTZ001
    assert cells(row, columns[:1], "zh", EN) == ["阳光"]


def test_what_is_unknown_is_empty_and_cameras_say_of_how_many() -> None:
    row = {"owner_en": None, "arrival_min": None, "active": 1, "cameras": 3, "rule": "no_hat", "min": 1.26}
    columns = (
        *(Column("owner", "name"), Column("arrival_min", "arrival"), Column("cameras", "cameras")),
        *(Column("rule", "word", "", "rule."), Column("min", "minutes")),
    )
    assert cells(row, columns, "en", EN) == ["", "", "1 of 3", "no hat", 1.3]


def test_a_kind_without_a_word_is_said_as_the_register_has_it() -> None:
    assert word(EN, "kitchen_kind.", "nursery") == "nursery"
    assert word(EN, "kitchen_kind.", "food_truck") == "food_truck"
