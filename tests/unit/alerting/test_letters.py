"""Letters: every stage in both languages, never mixed, short enough to be read at once."""

import re

import pytest

from alerting.letters import LANGUAGES, LetterError, render, stages

FACTS = {
    "number": "R20261124-0001",
    "lift_code": "442001",
    "place": {"zh": "凯茵新城 B2 座", "en": "Kaiyin Xincheng B2"},
    "address": {"zh": "石岐示范路 18 号", "en": "18 Shifan Road, Shiqi"},
    "organisation": {"zh": "石岐救援站", "en": "Shiqi Rescue Station"},
    "kitchen": {"zh": "阳光小馆", "en": "Sunny Bistro"},
    "time": {"zh": "2026年11月24日 12:00", "en": "2026-11-24 12:00"},
    "due": {"zh": "2026年11月25日 12:00", "en": "2026-11-25 12:00"},
    "next_step": {"zh": "第一级已到场", "en": "tier 1 has arrived"},
    "floor_text": "7",
    "people_inside": 2,
    "waiting_minutes": 4,
    "tier": 2,
    "lifts": 6,
    "cause_text": {"zh": "停电", "en": "power cut"},
    "rule": "no_hat",
    "zone": "cooking",
    "link": "https://sunlit.example/c/abc",
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def facts(language: str) -> dict[str, object]:
    return {name: value[language] if isinstance(value, dict) else value for name, value in FACTS.items()}


def test_both_languages_have_the_same_stages() -> None:
    assert stages("zh") == stages("en") != set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", sorted(stages("zh")))
def test_every_letter(stage: str, language: str) -> None:
    letter = render(stage, language, facts(language))
    text = letter.subject + letter.body
    assert letter.subject
    assert letter.body
    assert bool(CHINESE.search(text)) is (language == "zh")
    # Two segments of a Chinese SMS are 134 characters; the link is counted apart.
    assert len(letter.body.replace(str(FACTS["link"]), "")) <= (134 if language == "zh" else 306)


def test_an_unknown_number_of_people_is_said() -> None:
    assert "人数不详" in render("tier_offer", "zh", {**facts("zh"), "people_inside": None}).body


def test_faults_are_named() -> None:
    with pytest.raises(LetterError, match="'poem' has no text"):
        render("poem", "zh", facts("zh"))
    with pytest.raises(LetterError, match="lift_code"):
        render("tier_offer", "en", {"place": "x"})
