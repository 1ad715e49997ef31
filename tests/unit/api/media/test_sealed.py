"""An address allows what it was made for and nothing else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.media.sealed import Pass, _serializer, seal, unseal
from contracts.kinds import Role

KEY = b"k" * 32
TEXT = st.text(max_size=20)


@given(
    st.integers(0, 2**53),
    st.sampled_from(Role),
    TEXT,
    TEXT,
    st.none() | st.uuids(),
    st.integers(0, 2**53),
    TEXT,
    st.integers(0, 2**40),
)
def test_what_is_sealed_comes_back(
    person: int, role: Role, kind: str, what: str, item: UUID | None, asked: int, look: str, until: int
) -> None:
    leave = Pass(person, role, kind, what, item, asked, look, until)
    assert unseal(KEY, seal(KEY, leave)) == leave
    assert unseal(b"another" * 5, seal(KEY, leave)) is None


@given(st.data())
def test_a_changed_letter_is_no_address(data: st.DataObject) -> None:
    sealed = seal(KEY, Pass(7, Role.OWNER, "finding", "F1", None, 0, "l", 1))
    at = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."))
    changed = sealed[:at] + letter + sealed[at + 1 :]
    # The last letter of a signature holds two bits that say nothing.
    assert unseal(KEY, changed) is None or at == len(sealed) - 1 or changed == sealed


@given(st.text(max_size=200))
def test_anything_else_is_no_address(text: str) -> None:
    assert unseal(KEY, text) is None


@pytest.mark.parametrize(
    "content",
    [
        [],
        [1, 2],
        {"person": 1},
        "x",
        [1, "nobody", "finding", "F1", None, 0, "l", 1],
        [1, "owner", "finding", "F1", "e", 0, "l", 1],
    ],
)
def test_what_was_sealed_for_another_purpose_is_none(content: object) -> None:
    assert unseal(KEY, str(_serializer(KEY).dumps(content))) is None
