"""Segments of short messages, against counts that the standard gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.sms import BASIC, EXTENDED, is_gsm7, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("a" * 152 + "[" + "a" * 151, 2),
        ("a" * 152 + "[" + "a" * 152, 3),
        ("困" * 70, 1),
        ("困" * 71, 2),
        ("困" * 134, 2),
        ("困" * 135, 3),
        ("困" * 201, 3),
        ("困" * 202, 4),
        ("a" * 100 + "困", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 66 + "😀" + "困" * 66, 3),
        ("`" * 71, 2),
    ],
)
def test_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_the_alphabet_has_127_characters_and_10_more() -> None:
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(st.text(max_size=400), st.text(max_size=50))
def test_longer_texts_never_take_fewer(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text) or is_gsm7(text) != is_gsm7(text + more)
    assert segments(text) <= 1 + len(text.encode("utf-16-le")) // 2 // 66
