"""The auditor's words: every kind in both languages, never mixed, short."""

import re
from datetime import UTC, datetime
from string import Formatter

import pytest

from alerting.audit.facts import Kind, Trouble
from alerting.audit.watch import Alarm, News, What
from alerting.audit.words import LONGEST, letter, sentence, short, texts

AT = datetime(2026, 11, 26, 4, 5, 6, tzinfo=UTC)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DETAILS = {
    "reason": "connection refused",
    "what": "events",
    "path": "/data",
    "percent": "3.1",
    "seconds": 42,
    "service": "alerting",
    "share": "event 1/2",
    "n": 12,
    "of": 400,
    "lifts": 30,
    "rescues": 1,
    "worst": "agent-1",
    "minutes": 17,
    "some": "R20261126-0001, R20261126-0002 …",
    "hours": 80,
    "voice": "email 1",
}


def trouble(kind: Kind, **changes: object) -> Trouble:
    return Trouble(kind=kind, since=AT, details={**DETAILS, **changes})


def news(kind: Kind, what: What = What.NEW, times: int = 1) -> News:
    return News(what, Alarm(trouble=trouble(kind), opened_at=AT, seen_at=AT, times=times))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_words(kind: Kind, language: str) -> None:
    for text in (sentence(trouble(kind), language), short(trouble(kind), language)):
        assert bool(CHINESE.search(text)) is (language == "zh")
    assert len(short(trouble(kind), language)) <= 45


def test_both_languages_have_the_same_texts_with_the_same_facts() -> None:
    for part in ("letter", "trouble", "short", "fact"):
        zh, en = texts("zh")[part], texts("en")[part]
        assert zh.keys() == en.keys()
        if part != "letter":
            assert {key: fields(text) for key, text in zh.items()} == {key: fields(text) for key, text in en.items()}
    assert set(texts("en")["trouble"]) == set(texts("en")["short"]) == {kind.value for kind in Kind}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_one_letter_says_all_of_a_round_new_and_grave_first() -> None:
    said = letter([news(Kind.DISK, What.OVER), news(Kind.OUTBOX), news(Kind.SERVICE, times=3)], "watch-1", "en")
    assert said.subject == "[Sunlit auditor] 12 letters do not leave (and 2 more)"
    lines = said.body.splitlines()
    assert lines[0].startswith("NEW 12 letters that are due do not leave: ")
    assert "Since 11-26 12:05:06." in lines[0], "the city's clock"
    assert lines[1].endswith("Came back 3 times.")
    assert lines[2] == "OVER Disk /data: 3.1 % free. Began 11-26 12:05:06."
    assert "watch-1" in lines[3]


def test_an_end_alone_is_named_in_the_subject() -> None:
    assert letter([news(Kind.SERVICE, What.OVER)], "a", "zh").subject == "【亮堂审计】已恢复：alerting 无心跳"
    assert letter([news(Kind.SERVICE, What.AGAIN)], "a", "en").subject == "[Sunlit auditor] STILL alerting is silent"


def test_a_letter_is_never_endless() -> None:
    many = [news(Kind.SERVICE) for _ in range(50)]
    said = letter(many, "a", "en")
    assert len(said.body.splitlines()) == LONGEST + 2 and "30 more" in said.body
    long = sentence(trouble(Kind.DATABASE, reason="x" * 5000), "en")
    assert len(long) < 300
