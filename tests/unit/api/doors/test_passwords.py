"""Which new passwords are refused, and what an old hash is worth."""

import pytest
from argon2 import PasswordHasher

from api.doors.passwords import fault_of, outdated, verify


@pytest.mark.parametrize(
    ("password", "login", "fault"),
    [
        ("correct horse battery", "wang", None),
        ("一二三四五六七八九十电梯", "wang", None),
        ("short", "wang", "account.password_short"),
        ("x" * 501, "wang", "account.password_long"),
        ("aaaaaaaaaaaaaaa", "wang", "account.password_common"),
        ("PassWord1234", "wang", "account.password_common"),
        ("wangxiaoming2026", "wangxiaoming", "account.password_login"),
        ("Wang.Xiaoming!", "wang.xiaoming", "account.password_login"),
        # A login of two letters is in many words.
        ("likewise, a good one", "li", None),
    ],
)
def test_what_is_too_easy(password: str, login: str, fault: str | None) -> None:
    assert fault_of(password, login) == fault


def test_nobody_has_a_password() -> None:
    assert not verify(None, "anything")
    assert not verify("not a hash", "anything")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")
    assert verify(weak, "right")
    assert not verify(weak, "wrong")
    assert outdated(weak)
