"""Codes of half a minute: which one counts, and how recovery codes are read."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.doors import totp

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_800_000_000.0


@pytest.mark.parametrize(("away", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_half_minute_before_and_after_count(away: int, counts: bool) -> None:
    code = pyotp.TOTP(SECRET).at(int(NOW) + 30 * away)
    assert totp.step_of(SECRET, code, NOW) == (int(NOW) // 30 + away if counts else None)


def test_a_code_may_be_typed_in_two_groups() -> None:
    code = pyotp.TOTP(SECRET).at(int(NOW))
    assert totp.step_of(SECRET, f" {code[:3]} {code[3:]} ", NOW) is not None


@given(st.text(max_size=12))
def test_no_text_breaks_it(code: str) -> None:
    step = totp.step_of(SECRET, code, NOW)
    assert step is None or abs(step - int(NOW) // 30) <= 1


def test_recovery_codes_are_read_however_they_are_typed() -> None:
    codes = totp.recovery_codes()
    assert len(set(codes)) == 10
    assert all(totp.tidy_recovery(code.upper().replace("-", "")) == code for code in codes)


def test_the_picture_is_an_svg_that_no_policy_forbids() -> None:
    assert totp.picture(SECRET, "wang", "Sunlit").startswith("data:image/svg+xml")
