"""Policies in words and as files, the clocks of a rescue, and a week of duty."""

import tomllib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.i18n import LANGUAGES, text
from api.oversight.duty_strip import week
from api.oversight.policy_file import as_toml
from api.oversight.policy_words import Say, beside, sections, span
from api.oversight.promises import clocks
from contracts.roster import Roster, Turn

POLICIES = Path(__file__).resolve().parents[4] / "alerting" / "policies"
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
SAY = Say(partial(text, "en"), "en")
PLAIN = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
TABLES = st.recursive(
    st.dictionaries(
        st.text(min_size=1, max_size=8, alphabet=st.characters(exclude_categories=["Cs"])),
        st.one_of(PLAIN, st.lists(PLAIN, max_size=3)),
        max_size=4,
    ),
    lambda inner: st.dictionaries(
        st.text(min_size=1, max_size=8, alphabet="abc_-. é"),
        st.one_of(inner, st.lists(inner, min_size=1, max_size=2)),
        max_size=3,
    ),
    max_leaves=8,
)


@given(TABLES)
def test_a_file_says_what_the_body_says(body: dict[str, Any]) -> None:
    body.pop("version", None)
    assert tomllib.loads(as_toml(body)) == body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["lift", "kitchen", "fault"])
def test_everything_that_a_policy_sets_is_shown(kind: str, language: str) -> None:
    body = tomllib.loads((POLICIES / f"{kind}.toml").read_text("utf-8"))
    for tier in body.get("tier", ()):
        tier.setdefault("count", 1)
        tier.setdefault("tell", [])
    found = sections(body, Say(partial(text, language), language))
    words = " ".join(f"{line.name} {line.value}" for section in found for line in section.lines)
    assert "[" not in words, words
    keys = {line.key for section in found for line in section.lines}
    expected = {f"{n}.accept_s" for n in (1, 2, 3)} | set(body["clocks"]) if kind == "lift" else set(body["classes"])
    assert expected <= keys


def test_two_versions_side_by_side() -> None:
    before = sections({"kind": "x", "a": 1, "b": 2}, SAY)
    after = sections({"kind": "x", "a": 1, "c": 3}, SAY)
    ((_, lines),) = beside(before, after)
    assert [(pair.name, pair.before, pair.after, pair.changed) for pair in lines] == [
        ("a", "1", "1", False),
        ("c", "", "3", True),
        ("b", "2", "", True),
    ]
    assert beside(after, after)[0][1][0].changed is False


def test_spans_as_people_say_them() -> None:
    assert [span(SAY, s) for s in (60, 90, 7200, 86_400, 432_000)] == ["1 min", "90 s", "2 h", "24 h", "5 days"]


def rescue(**minutes: float | None) -> dict[str, Any]:
    names = ("dispatched", "accepted", "arrived", "released", "closed", "followed_up")
    at = {
        f"{name}_at": None if minutes.get(name) is None else NOW + timedelta(minutes=minutes[name] or 0)
        for name in names
    }
    return {"alarm_at": NOW, **at}


@pytest.mark.parametrize(
    ("minutes", "later", "wanted"),
    [
        ({"dispatched": 1}, 2, {"response": "running", "arrival": "running"}),
        ({"dispatched": 1}, 31, {"response": "missed", "arrival": "missed"}),
        ({"dispatched": 1, "accepted": 4, "arrived": 30}, 31,
         {"response": "kept", "arrival": "kept", "release": "running"}),
        ({"dispatched": 1, "accepted": 5, "arrived": 31, "released": 70}, 80,
         {"response": "missed", "arrival": "missed", "release": "missed", "follow_up": "running"}),
        ({"dispatched": 1, "closed": 2}, 90, {"response": "void", "arrival": "void"}),
    ],
)  # fmt: skip
def test_clocks_of_a_rescue(minutes: dict[str, float], later: float, wanted: dict[str, str]) -> None:
    row = rescue(**minutes)
    ended = min((at for at in (row["released_at"], row["closed_at"]) if at), default=None)
    fact = {"arrive_by": NOW + timedelta(minutes=30), "ended_at": ended}
    policy = {"clocks": {"release_s": 1800, "follow_up_s": 86_400}}
    found = clocks(row, fact, policy, NOW + timedelta(minutes=later))
    assert {clock.name: clock.state for clock in found} == wanted


def test_who_promises_nothing_has_no_holes() -> None:
    turn = Turn(NOW, NOW + timedelta(days=1), 1)
    found = week(Roster(organisation=1, shifts=[turn]), NOW, NOW, {2: "New <Year>"}, "a & b")
    assert [hole.begin for hole in found.holes] == [NOW + timedelta(days=1)]
    assert found.now == [turn]
    assert "New &lt;Year&gt;" in found.strip and 'aria-label="a &amp; b"' in found.strip
    free = week(Roster(organisation=1, promised=False, shifts=[turn]), NOW, NOW, {}, "x")
    assert free.holes == [] and "hole" not in free.strip
