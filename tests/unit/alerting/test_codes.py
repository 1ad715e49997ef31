"""Codes that come back: for ten minutes, five tries, once a minute."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerting.codes import LIFE, Kept, digest, fault, too_soon

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEPT = Kept(salt="s", sha256=digest("042137", "s"), sent_at=NOW, expires_at=NOW + LIFE)


@pytest.mark.parametrize(
    ("code", "seconds", "tries", "words"),
    [
        ("042137", 1, 0, None),
        (" 042137 ", 600, 4, None),
        ("42137", 1, 0, "4 tries left"),
        ("000000", 1, 4, "0 tries left"),
        ("042137", 1, 5, "5 wrong codes"),
        ("042137", 601, 0, "held until 12:10:00"),
        ("", 1, 0, "not the code"),
        ("四二一三七", 1, 0, "not the code"),
    ],
)
def test_a_code_that_comes_back(code: str, seconds: float, tries: int, words: str | None) -> None:
    found = fault(msgspec.structs.replace(KEPT, tries=tries), code, NOW + timedelta(seconds=seconds))
    assert found is None if words is None else found is not None and words in found


def test_without_a_code_nothing_comes_back() -> None:
    assert "no code was sent" in (fault(None, "042137", NOW) or "")


@pytest.mark.parametrize(("seconds", "soon"), [(0, True), (59, True), (60, False), (-60, False)])
def test_one_code_a_minute(seconds: float, soon: bool) -> None:
    assert bool(too_soon(KEPT, NOW + timedelta(seconds=seconds))) is soon
    assert too_soon(None, NOW) is None


def test_the_same_code_under_another_salt_looks_different() -> None:
    assert digest("042137", "s") != digest("042137", "t")
