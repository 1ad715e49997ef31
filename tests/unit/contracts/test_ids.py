"""Identities of version 7 are ordered by time and carry their version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import uuid7

NOISE = st.binary(min_size=10, max_size=10)


@given(st.integers(0, 2**48 - 1), NOISE)
def test_version_variant_and_time(unix_ms: int, noise: bytes) -> None:
    made = uuid7(unix_ms, noise)
    assert made.version == 7
    assert made.int >> 80 == unix_ms
    assert (made.int >> 62) & 0b11 == 0b10


@given(st.integers(0, 2**47), NOISE, NOISE)
def test_later_sorts_later(unix_ms: int, first: bytes, second: bytes) -> None:
    assert uuid7(unix_ms, first) < uuid7(unix_ms + 1, second)


@pytest.mark.parametrize(("unix_ms", "noise"), [(-1, b"0" * 10), (2**48, b"0" * 10), (0, b"short")])
def test_wrong_input_is_named(unix_ms: int, noise: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        uuid7(unix_ms, noise)
