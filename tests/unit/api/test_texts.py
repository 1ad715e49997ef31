"""Texts in two languages: the same keys, the same blanks, none missing, none idle."""

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting.letters import stages
from api.board.orders import FOR_A_CREW, ORDERS, PRESETS, WHOMS
from api.i18n import LANGUAGES, ago, catalogue, choose, clock, moment, text
from api.rescue_words import CAUSES, METHODS
from contracts.kinds import (
    Channel,
    DispatchState,
    FindingState,
    Hazard,
    IncidentState,
    OutboxState,
    Rule,
    Withheld,
    ZoneKind,
)

TEMPLATES = Path(__file__).resolve().parents[3] / "api" / "templates"
# A key that ends in an underscore is the beginning of one that the page completes.
USED = re.compile(r"\bt\('([a-z_]+\.[a-z0-9_]*[a-z0-9])'")
# The comfort text goes to the car; closing and recording share a form of their own.
INNER = {"stage.comfort"}
CLOSING = {f"order.{kind}{part}" for kind in ("close", "record") for part in ("", "_what", "_go")}
NOON = datetime(2026, 11, 24, 4, 0, 5, tzinfo=UTC)


def blanks(value: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(value) if name}


def test_both_languages_say_the_same_things() -> None:
    zh, en = catalogue("zh"), catalogue("en")
    assert zh.keys() == en.keys()
    assert {key for key in zh if blanks(zh[key]) != blanks(en[key])} == set()


def test_chinese_is_chinese() -> None:
    latin = {key: value for key, value in catalogue("zh").items() if not re.search(r"[\u4e00-\u9fff]", value)}
    assert latin == {}


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_text_of_a_page_is_there(path: Path) -> None:
    missing = set(USED.findall(path.read_text("utf-8"))) - catalogue("en").keys()
    assert missing == set()


def test_every_state_and_rule_has_a_word() -> None:
    keys = {f"state.{state}" for state in IncidentState} | {f"finding.{state}" for state in FindingState}
    keys |= {f"rule.{rule}" for rule in Rule} | {f"zone.{zone}" for zone in ZoneKind}
    keys |= {f"withheld.{reason}" for reason in Withheld} | {f"channel.{channel}" for channel in Channel}
    keys |= {f"hazard.{hazard}" for hazard in Hazard} | {f"letter.{state}" for state in OutboxState}
    keys |= {f"crew.state_{state}" for state in DispatchState} | {f"stage.{stage}" for stage in stages("zh")} - INNER
    keys |= {f"cause.{cause}" for cause in CAUSES} | {f"method.{method}" for method in METHODS}
    keys |= {f"sub_cause.{part}" for parts in CAUSES.values() for part in parts}
    keys |= {f"order.{kind}{part}" for kind in ORDERS for part in ("", "_what", "_go")} - CLOSING
    keys |= {f"board.crew_{kind}" for kind in FOR_A_CREW} | {f"whom.{whom}" for whom in WHOMS}
    keys |= {f"comfort.{preset}" for preset in PRESETS}
    assert keys <= catalogue("en").keys()


def test_a_missing_text_shows_its_key() -> None:
    assert text("en", "no.such") == "[no.such]"


@pytest.mark.parametrize(
    ("wanted", "preferred", "header", "language"),
    [
        ("en", "zh", "zh-CN", "en"),
        (None, "en", "zh-CN", "en"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "de-DE", "zh"),
        ("xx", None, "", "zh"),
    ],
)
def test_which_language(wanted: str | None, preferred: str | None, header: str, language: str) -> None:
    assert choose(wanted, preferred, header) == language


def test_times_and_spans() -> None:
    assert moment("zh", NOON) == "2026年11月24日 12:00:05"
    assert moment("en", NOON) == "2026-11-24 12:00:05"
    assert moment("en", None) == "—"
    assert [clock(seconds) for seconds in (-3, 0, 65, 3661)] == ["00:00", "00:00", "01:05", "1:01:01"]
    spans = [(2, "2 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (200_000, "2 days ago")]
    assert [ago("en", NOON - timedelta(seconds=s), NOON) for s, _ in spans] == [words for _, words in spans]
    assert set(LANGUAGES) == {"zh", "en"}
