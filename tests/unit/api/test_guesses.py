"""Guessed tokens are slowed, and nobody's good token with them."""

from api.tokens import Guesses


def test_after_some_failures_an_address_waits_and_others_do_not() -> None:
    guesses = Guesses(most=3, span_s=60)
    for second in range(3):
        assert guesses.wait_s("a", "t", second) == 0
        guesses.failed("a", second)
    assert guesses.wait_s("a", "t", 10) == 50
    assert guesses.wait_s("b", "t", 10) == 0
    assert guesses.wait_s("a", "t", 60) == 0


def test_a_token_that_was_good_from_there_stays_good() -> None:
    guesses = Guesses(most=1, span_s=60)
    guesses.good("a", "mine")
    guesses.failed("a", 0)
    assert guesses.wait_s("a", "mine", 1) == 0
    assert guesses.wait_s("a", "other", 1) == 59
    assert guesses.wait_s("b", "mine", 1) == 0


def test_no_more_is_remembered_than_fits() -> None:
    guesses = Guesses(most=1, span_s=60, addresses=2)
    for address in "abc":
        guesses.failed(address, 0)
        guesses.good(address, "t")
    assert [guesses.wait_s(address, "x", 1) for address in "abc"] == [0, 59, 59]
    assert len(guesses._good) == 2
