"""When the auditor speaks: on change, again while it lasts, when it is over; and how little over flapping."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.audit.facts import Kind, Trouble
from alerting.audit.watch import News, State, step
from runtime.audit_settings import AuditSettings

T0 = datetime(2026, 11, 26, 12, tzinfo=UTC)
LIMITS = AuditSettings()


def trouble(kind: Kind = Kind.SERVICE, subject: str = "alerting", **changes: Any) -> Trouble:
    return Trouble(**{"kind": kind, "subject": subject, "since": T0, "details": {"service": "alerting"}, **changes})


class Ear:
    """Hears what is said while the auditor looks every 5 s."""

    def __init__(self, limits: AuditSettings = LIMITS) -> None:
        self.limits, self.state, self.now = limits, State(), T0
        self.heard: list[tuple[float, str, str]] = []

    def look(self, *troubles: Trouble, unknown: Sequence[Kind] = (), seconds: float = 5) -> None:
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.state, news = step(self.state, troubles, unknown, self.limits, self.now)
            self._note(news)
            self.now += timedelta(seconds=5)

    def _note(self, news: Sequence[News]) -> None:
        at = (self.now - T0).total_seconds()
        self.heard += [(at, one.what.value, one.alarm.trouble.kind.value) for one in news]


def test_it_is_said_at_once_again_and_when_it_is_over() -> None:
    ear = Ear()
    ear.look(trouble(), seconds=2000)
    ear.look(seconds=300)
    assert ear.heard == [
        (0, "new", "service"),
        (900, "again", "service"),
        (1800, "again", "service"),
        (2055, "over", "service"),
    ]


def test_a_lesser_trouble_is_said_again_once_a_day() -> None:
    ear = Ear()
    ear.look(trouble(grave=False), seconds=100_000)
    assert [(at, what) for at, what, _ in ear.heard] == [(0, "new"), (86_400, "again")]


def test_what_must_hold_is_not_said_of_a_hiccup() -> None:
    ear = Ear()
    away = trouble(Kind.DATABASE, "", hold_s=10)
    ear.look(away)
    ear.look(away)
    ear.look()
    ear.look(away, seconds=10)
    assert ear.heard == []
    ear.look(away)
    assert [what for _, what, _ in ear.heard] == ["new"]
    (alarm,) = ear.state.open.values()
    assert alarm.trouble.since == T0


def test_much_worse_is_said_at_once_but_not_every_second() -> None:
    ear = Ear()
    for count in (1, 2, 3, 4, 5, 6, 10, 12, 300, 400, 500):
        ear.look(trouble(Kind.AGENTS, "", grave=False, weight=count), seconds=20)
    ear.look(trouble(Kind.AGENTS, "", grave=True, weight=500), seconds=100)
    # 1, then 4 or more after a minute, then 10 or more, then hundreds; at last a rescue among them.
    assert [what for _, what, _ in ear.heard] == ["new", "worse", "worse", "worse", "worse"]
    assert all(later[0] - sooner[0] >= 60 for sooner, later in zip(ear.heard, ear.heard[1:], strict=False))


def test_what_cannot_be_judged_goes_on_standing() -> None:
    ear = Ear()
    ear.look(trouble())
    ear.look(trouble(Kind.DATABASE, ""), unknown=[Kind.SERVICE], seconds=600)
    assert "over" not in [what for _, what, _ in ear.heard]
    ear.look(seconds=70)
    assert sorted(kind for _, what, kind in ear.heard if what == "over") == ["database", "service"]


def test_what_comes_back_takes_longer_to_be_over() -> None:
    ear = Ear()
    spans = []
    for _ in range(5):
        ear.look(trouble())
        began = ear.now
        while ear.state.open:
            ear.look()
        spans.append(round((ear.now - began).total_seconds(), -1))
    assert spans == [60, 120, 240, 480, 960]
    (_, times) = next(iter(ear.state.ended.values()))
    assert times == 5
    ear.look(seconds=3700)
    ear.look(trouble())
    assert next(iter(ear.state.open.values())).times == 1, "after an hour it is a new trouble"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=60))
def test_flapping_does_not_spam(spans: list[tuple[int, int]]) -> None:
    ear = Ear()
    for there, gone in spans:
        ear.look(trouble(), seconds=5 * there)
        ear.look(seconds=5 * gone)
    said = [at for at, _, _ in ear.heard]
    for begin in said:
        in_an_hour = [at for at in said if begin <= at < begin + 3600]
        assert len(in_an_hour) <= 16
    words = [what for _, what, _ in ear.heard if what in ("new", "over")]
    # Never an end without a beginning, never two beginnings without an end.
    assert words == (["new", "over"] * len(words))[: len(words)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.sampled_from(["ingest", "alerting", "api"])), min_size=1, max_size=80))
def test_nothing_that_lasts_goes_unsaid(rounds: list[set[str]]) -> None:
    ear = Ear()
    for names in rounds:
        ear.look(*(trouble(subject=name) for name in sorted(names)))
        told = {key[1] for key, alarm in ear.state.open.items() if alarm.said_at is not None}
        assert names <= told
