"""What a report's form carries, and who sent it without saying who."""

from hypothesis import given
from hypothesis import strategies as st

from api.public.stamp import LENGTH, SIGNS, age_s, number, read, sender, stamp, written

SALT, YESTERDAY = b"a" * 32, b"b" * 32


def test_a_form_is_of_its_moment_and_its_place() -> None:
    given_out = stamp(SALT, "lift/442001", 1000.0, "nonce")
    assert age_s([SALT], "lift/442001", given_out, 1004.0) == 4.0
    assert age_s([YESTERDAY, SALT], "lift/442001", given_out, 1004.0) == 4.0
    assert age_s([SALT], "lift/442002", given_out, 1004.0) is None
    assert age_s([YESTERDAY], "lift/442001", given_out, 1004.0) is None
    assert age_s([SALT], "lift/442001", given_out.replace("1000", "0900"), 1004.0) is None


@given(st.text(max_size=80))
def test_no_invented_form_is_ours(text: str) -> None:
    assert age_s([SALT], "lift/442001", text, 1004.0) is None


def test_an_address_cannot_be_read_and_a_household_is_one() -> None:
    assert "203" not in sender(SALT, "203.0.113.9")[:4] or len(sender(SALT, "203.0.113.9")) == 64
    assert sender(SALT, "203.0.113.9") != sender(YESTERDAY, "203.0.113.9")
    assert sender(SALT, "203.0.113.9") != sender(SALT, "203.0.113.8")
    assert sender(SALT, "2001:db8:1:2::1") == sender(SALT, "2001:db8:1:2:ffff::9")
    assert sender(SALT, "2001:db8:1:2::1") != sender(SALT, "2001:db8:1:3::1")
    assert sender(SALT, "not an address") == sender(SALT, "not an address")


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_number_is_the_same_for_the_same_report_only(body: str, other: str) -> None:
    found = number(SALT, "form", body, "")
    assert len(found) == LENGTH and set(found) <= set(SIGNS)
    assert (found == number(SALT, "form", other, "")) is (body == other)
    assert read(written(found)) == found and read(found.lower()) == found


def test_what_is_no_number() -> None:
    assert [read(text) for text in ("", "ABCD", "ABCD-EFG0", "ABCD-EFGHJ", "ÄBCD-EFGH")] == [None] * 5
