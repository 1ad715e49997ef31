"""An incident's story: nothing is lost when what repeats is said once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.board.story import folded, in_english, told

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def entries(*actions: str) -> list[dict[str, Any]]:
    return [{"at": NOON + timedelta(minutes=n), "action": action, "reason": "x"} for n, action in enumerate(actions)]


def test_routine_is_folded_between_what_matters() -> None:
    lines = folded(entries("opened", "comfort", "called_again", "comfort", "crew_accepted", "comfort"))
    assert [(line.entry["action"], line.count) for line in lines] == [
        ("opened", 1), ("comfort", 2), ("called_again", 1), ("crew_accepted", 1), ("comfort", 1),
    ]  # fmt: skip
    assert lines[1].last_at == NOON + timedelta(minutes=3)


@given(st.lists(st.sampled_from(["opened", "comfort", "called_again", "tier_called", "note"])))
def test_no_entry_is_lost_and_what_matters_stands_alone(actions: list[str]) -> None:
    lines = folded(entries(*actions))
    assert sum(line.count for line in lines) == len(actions)
    matter = [line for line in lines if line.entry["action"] in ("opened", "tier_called", "note")]
    assert all(line.count == 1 for line in matter)
    assert len(matter) == sum(action in ("opened", "tier_called", "note") for action in actions)


def test_english_timelines_name_organisations_in_english_but_leave_what_people_wrote() -> None:
    crews = [{"name_zh": "石岐", "name_en": "Shiqi"}, {"name_zh": "石岐救援站", "name_en": "Shiqi Rescue Station"}]
    called = {"at": NOON, "action": "asked", "actor": "sunlit", "reason": "tier 2: 石岐救援站, 3 min"}
    lines = in_english([called, {**called, "actor": "王值班", "reason": "石岐救援站"}], crews)
    assert [line["reason"] for line in lines] == ["tier 2: Shiqi Rescue Station, 3 min", "石岐救援站"]


def test_letters_and_calls_stand_in_one_list() -> None:
    letter = {
        "to_zh": "安捷", "channel": "webhook", "shown": "https://…", "stage": "tier_offer", "state": "sent",
        "created_at": NOON, "sent_at": NOON + timedelta(seconds=1), "delivered_at": None,
    }  # fmt: skip
    failed = {**letter, "state": "failed", "sent_at": None}
    again = {**letter, "sent_at": NOON + timedelta(minutes=9)}
    found = told([letter, failed, again], entries("opened", "call"))
    assert [(one.letter["state"] if one.letter else "call", one.count) for one in found] == [
        ("failed", 1), ("sent", 2), ("call", 1),
    ]  # fmt: skip
    assert found[1].last_at == NOON + timedelta(minutes=9)
