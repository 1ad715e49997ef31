"""What a viewer who was away is told, and from where a stream goes on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.board.missed import entry_event, in_towns, last_number

ROW: dict[str, Any] = {
    "id": 7,
    "at": datetime(2026, 11, 24, 4, 3, tzinfo=UTC),
    "action": "tier_called",
    "reason": "nobody has arrived within 30 s",
    "tier": 2,
    "number": "R20261124-0001",
    "source": "sensor",
    "lift_code": "442001",
    "place_zh": "凯茵新城",
    "place_en": "Kaiyin Xincheng",
    "town_code": "442000001",
}


@pytest.mark.parametrize(
    ("header", "number"),
    [("12", 12), ("0", 0), (None, None), ("", None), ("12-3", None), ("-1", None), ("１２", None), ("9" * 40, None)],
)
def test_from_where_a_stream_goes_on(header: str | None, number: int | None) -> None:
    assert last_number(header) == number


def test_an_entry_in_the_words_of_its_reader() -> None:
    zh, en = (entry_event(language, ROW, True) for language in ("zh", "en"))
    assert zh["text"] == "442001 凯茵新城：呼叫（第 2 级） · 30 秒内无人到场"
    assert en["text"] == "442001 Kaiyin Xincheng: tier called (Tier 2) · nobody has arrived within 30 s"
    assert (en["at"], en["missed"], en["new"], en["told"]) == ("12:03", True, False, True)


@pytest.mark.parametrize(
    ("action", "new", "told"), [("opened", True, True), ("note", False, False), ("closed", False, True)]
)
def test_what_rings_and_what_is_worth_a_word(action: str, new: bool, told: bool) -> None:
    said = entry_event("en", {**ROW, "action": action, "tier": None}, False)
    assert (said["new"], said["told"]) == (new, told)


def test_another_town_is_not_heard_of() -> None:
    assert in_towns(ROW, None) and in_towns(ROW, ("442000001",))
    assert not in_towns(ROW, ("442000002",)) and not in_towns(ROW, ())
