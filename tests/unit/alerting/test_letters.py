"""Letters: every stage in both languages, never mixed, short enough to be sent as a short message."""

import re

import pytest

from alerting import rates
from alerting.letters import DRILL, LANGUAGES, LetterError, as_sms, render, stages, write
from alerting.links import Token, crew, place
from alerting.sms import segments
from api.i18n import catalogue

LINK = crew("https://dianti-jiuyuan.zhongshan.example.gov.cn/sunlit", Token("abcdefghijkmnpqr", ""))
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
    "due_reason": {"zh": "第二级未接单", "en": "tier 2 has not accepted"},
    "floor_text": "7",
    "people_inside": 2,
    "waiting_minutes": 4,
    "tier": 2,
    "cause_text": {"zh": "停电", "en": "power cut"},
    "rule": "no_hat",
    "zone": "cooking",
    "count": 2,
    "holes": {"zh": ["石岐救援站 11-27 18:00–21:00"] * 3, "en": ["Shiqi Rescue Station 11-27 18:00–21:00"] * 3},
    "step": {"zh": "待核查", "en": "please look at it"},
    "n": 12,
    "named": {"zh": ["阳光小馆: 未戴口罩"] * 3, "en": ["Sunny Bistro: no mask"] * 3},
    "more": 9,
    "link": "https://sunlit.example/c/abc",
    "lifts": 4,
    "into": "R20261124-0002",
    "late_minutes": 3,
    "code": "042137",
    "minutes": 10,
}
# As long as such things are in real registers.
LONG = FACTS | {
    "lift_code": "4420017",
    "place": {
        "zh": "远洋繁花里花园二期（北区）12 幢 3 单元",
        "en": "Ocean Flowers Garden Phase II (North), Building 12, Unit 3",
    },
    "address": {
        "zh": "中山市东区街道博爱五路与长江路交界处 188 号",
        "en": "188 Bo'ai Fifth Road, corner of Changjiang Road, Dongqu Subdistrict, Zhongshan",
    },
    "organisation": {
        "zh": "广东安捷电梯工程有限公司中山分公司",
        "en": "Guangdong Anjie Lift Engineering Co., Ltd., Zhongshan Branch",
    },
    "next_step": {
        "zh": "广东安捷电梯工程有限公司中山分公司已到场",
        "en": "Guangdong Anjie Lift Engineering Co., Ltd. has arrived",
    },
    "due_reason": {"zh": "第二级接单 180 秒内未到场", "en": "tier 2 accepted but has not arrived within 900 s"},
    "floor_text": "18-19",
    "people_inside": 12,
    "waiting_minutes": 128,
    "hazards": ("injury", "child_alone"),
    "link": LINK,
    "map_link": place(22.52331234, 113.37711234, "geo:{lat},{lon}"),
    "lifts": 14,
    "priority": tuple(str(4420017 + number) for number in range(14)),
    "eta_minutes": 25,
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What a rescue hangs on.
SAFETY = sorted(stages("zh") - {stage for stage in stages("zh") if rates.weight(stage) is rates.Weight.LOW})


def facts(language: str, known: dict[str, object] | None = None) -> dict[str, object]:
    chosen = FACTS if known is None else known
    return {name: value[language] if isinstance(value, dict) else value for name, value in chosen.items()}


def test_both_languages_have_the_same_stages() -> None:
    assert stages("zh") == stages("en")
    assert stages("zh") >= {"tier_offer", "call_again", "mass_notice", "emergency", "overdue", "contact_code"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", sorted(stages("zh")))
def test_every_letter(stage: str, language: str) -> None:
    letter = render(stage, language, facts(language))
    assert letter.subject
    assert letter.body
    assert bool(CHINESE.search(as_sms(letter))) is (language == "zh")
    assert "\n\n" not in letter.body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", SAFETY)
def test_what_a_rescue_hangs_on_is_three_short_messages_at_most(stage: str, language: str) -> None:
    letter = render(stage, language, facts(language, LONG))
    assert segments(as_sms(letter)) <= 3, as_sms(letter)


def test_a_map_that_makes_it_too_long_is_left_out() -> None:
    long = render("tier_offer", "zh", facts("zh", LONG))
    assert "geo:" not in long.body
    assert LINK in long.body
    assert LINK in render("tier_offer", "zh", facts("zh", LONG | {"place": "很长" * 80})).body, "never the link"
    assert "geo:" in render("tier_offer", "en", facts("en", LONG)).body


@pytest.mark.parametrize("stage", sorted(stages("zh") - {"contact_code"}))
def test_every_stage_has_a_word_on_the_board(stage: str) -> None:
    assert f"stage.{stage}" in catalogue("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offer_says_where_how_many_how_long_and_how_to_accept(language: str) -> None:
    told = facts(language, FACTS | {"hazards": ("injury",), "map_link": "geo:22.52331,113.37711"})
    text = as_sms(render("tier_offer", language, told))
    for name in ("lift_code", "place", "address", "floor_text", "people_inside", "waiting_minutes", "link", "map_link"):
        assert str(told[name]) in text, name
    assert ("有人受伤" if language == "zh" else "injured") in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", sorted(stages("zh")))
def test_a_drill_says_so_first(stage: str, language: str) -> None:
    letter = render(stage, language, facts(language), drill=True)
    assert letter.subject.startswith(DRILL[language])
    assert letter.body.startswith(DRILL[language])
    assert not render(stage, language, facts(language)).subject.startswith(DRILL[language])


def test_an_unknown_number_of_people_is_said() -> None:
    assert "人数不详" in render("tier_offer", "zh", {**facts("zh"), "people_inside": None}).body
    assert "被困 2 人" in render("tier_offer", "zh", facts("zh")).body


def test_of_many_lifts_the_first_few_are_named() -> None:
    text = render("mass_notice", "zh", facts("zh", LONG)).body
    assert "先救 4420017、4420018、4420019、4420020、4420021等。" in text


def test_words_for_the_car_do_without_a_time() -> None:
    assert "25" in render("comfort", "en", {"eta_minutes": 25}).body
    assert "None" not in render("comfort", "en", {}).body


@pytest.mark.parametrize(
    ("stage", "lacking"), [("tier_offer", "link"), ("tier_offer", "lift_code"), ("mass_notice", "lifts")]
)
def test_a_fact_that_must_not_be_missing_is_named(stage: str, lacking: str) -> None:
    known = {name: value for name, value in facts("en").items() if name != lacking}
    with pytest.raises(LetterError, match=lacking):
        render(stage, "en", known)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_that_cannot_be_written_is_sent_as_bare_facts(language: str, caplog: pytest.LogCaptureFixture) -> None:
    known = {name: value for name, value in facts(language).items() if name != "waiting_minutes"}
    letter = write("tier_offer", language, known, drill=True)
    assert letter.subject.startswith(DRILL[language])
    assert "442001 tier_offer" in letter.subject
    for fact in ("address", "people_inside", "link"):
        assert str(known[fact]) in letter.body
    assert "waiting_minutes" in caplog.text
    assert write("tier_offer", language, facts(language)) == render("tier_offer", language, facts(language))


def test_a_stage_without_a_text_is_named() -> None:
    with pytest.raises(LetterError, match="'poem' has no text"):
        render("poem", "zh", facts("zh"))
    with pytest.raises(LetterError, match="'_where' has no text"):
        render("_where", "zh", facts("zh"))
