"""Addresses can be secrets: what is shown of them, and what is kept out of what others said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.addresses import gateway, shown, without

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ("email", "wang.wei@anjie.example", "w…@anjie.example"),
        ("email", "nonsense", "…"),
        ("webhook", f"https://user:pass@sms.example:8443/send/{KEY}?k=1", "sms.example:8443/…"),
        ("webhook", "http://[::1", "…"),
        ("webhook", "file:/run/secrets/sms-gateway", "file:…/sms-gateway"),
        ("apprise", "file:robot", "file:…/robot"),
    ],
)
def test_what_is_shown(channel: str, address: str, expected: str) -> None:
    assert shown(channel, address) == expected


def test_a_robots_key_is_not_shown_but_told_apart() -> None:
    one, other = shown("apprise", f"wecombot://{KEY}"), shown("apprise", "wecombot://another-key")
    assert one.startswith("wecombot://…")
    assert one != other
    assert KEY[:6] not in one


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ("email", "a@b.example", "email"),
        ("webhook", "https://sms.example/send/1", "webhook sms.example"),
        ("webhook", "https://sms.example/send/2", "webhook sms.example"),
    ],
)
def test_whose_limit_counts(channel: str, address: str, expected: str) -> None:
    assert gateway(channel, address) == expected


def test_each_robot_has_a_limit_of_its_own() -> None:
    assert gateway("apprise", "dingtalk://one-token") != gateway("apprise", "dingtalk://other-token")


def test_what_a_library_said_comes_without_the_key() -> None:
    said = f"HTTPSConnectionPool(host='oapi.dingtalk.com'): url: /robot/send?access_token={KEY}"
    assert KEY not in without(said, f"dingtalk://{KEY}/13800000000")
    assert "oapi.dingtalk.com" in without(said, f"dingtalk://{KEY}/13800000000")
    assert without("HTTP 500", f"https://sms.example/{KEY}") == "HTTP 500"


def test_of_two_keys_that_begin_alike_nothing_stays() -> None:
    assert without("got tokenA1 and tokenA1b2c3", "json://tokenA1@host/tokenA1b2c3") == "got … and …"


secrets = st.text(st.characters(codec="ascii", categories=["Lu", "Ll", "Nd"]), min_size=8, max_size=40)


@given(secrets, st.sampled_from(["wecombot://{}", "https://sms.example/send?key={}", "dingtalk://{}@token", "{}@b.cn"]))
def test_no_key_is_ever_shown_or_said(secret: str, shape: str) -> None:
    address = shape.format(secret)
    channel = "email" if "@b.cn" in shape else "webhook" if shape.startswith("https") else "apprise"
    assert secret not in shown(channel, address)
    assert secret not in gateway(channel, address)
    assert secret not in without(f"could not reach {address} ({secret}): url /send?key={secret}", address)
