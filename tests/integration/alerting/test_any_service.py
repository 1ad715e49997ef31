"""Apprise, as far as it can be trusted: bounded in time, believed only with the gateway's answer, and discreet."""

import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import apprise
import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.wecombot import NotifyWeComBot

from alerting.channels import Message, Outcome, Verdict
from alerting.channels.any_service import SPEAKERS, AnyService, Speaker
from alerting.channels.speaker import Heard, judge, speak, understood
from tests.integration.alerting.gateways import Answer, Gateway, drips, gateway, hangs_up, never, says

SENT, REFUSED, UNSURE = Verdict.SENT, Verdict.REFUSED, Verdict.UNSURE
KEY = "693a91f6b7cc4bc497a00ec2f5a0a1b2"
OK = says(200, '{"errcode":0,"errmsg":"ok"}')
FEISHU_OK = says(200, '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}')


def message(address: str) -> Message:
    return Message(address, "442001 号梯困人", "请速前往", "tier_offer", "zh", "d")


@pytest.fixture
def service() -> Iterator[AnyService]:
    made = AnyService(20.0)
    yield made
    made.close()


def local(address: str, served: Gateway) -> str:
    return address.replace("HOST", f"127.0.0.1:{served.port}")


def test_a_letter_arrives_as_json(service: AnyService) -> None:
    with gateway(says(200)) as served:
        assert service.send(message(local("json://HOST/hook", served))) == Outcome(SENT, "HTTP 200")
        assert service.send(message(local("json://HOST/hook", served))).verdict is SENT
    assert [body["title"] for body in served.bodies] == ["442001 号梯困人"] * 2
    assert len(service._idle) == 1, "the same process did both"


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (says(404), REFUSED, "HTTP 404"),
        (says(500), UNSURE, "HTTP 500"),
        (hangs_up, UNSURE, "ConnectionError"),
        (says(302, headers="Location: http://127.0.0.1:1/steal\r\n"), REFUSED, "leads elsewhere"),
    ],
)
def test_what_the_gateway_answered_decides(service: AnyService, answer: Answer, verdict: Verdict, words: str) -> None:
    with gateway(answer) as served:
        outcome = service.send(message(local("json://HOST/hook?redirect=yes", served)))
    assert outcome.verdict is verdict
    assert words in outcome.detail


def test_nobody_listens_is_refused(service: AnyService) -> None:
    assert service.send(message("json://127.0.0.1:1/hook")) == Outcome(REFUSED, "ConnectionError")


@pytest.mark.parametrize("answer", [never, drips])
def test_one_that_hangs_is_killed_and_the_next_is_sent(answer: Answer) -> None:
    service = AnyService(20.0)
    with gateway(answer) as hanging, gateway(says(200)) as served:
        service.send(message(local("json://HOST/warm", served)))
        service.deadline_s = 1.5
        outcome = service.send(message(local("json://HOST/hook?rto=60", hanging)))
        assert outcome.verdict is UNSURE
        service.deadline_s = 20.0
        assert service.send(message(local("json://HOST/hook", served))).verdict is SENT
    service.close()


def test_letters_go_side_by_side(service: AnyService) -> None:
    """The second letter does not wait for the first, whose gateway hangs."""
    with gateway(never) as hanging, gateway(says(200)) as served:
        threading.Thread(target=service.send, args=(message(local("json://HOST/hook", hanging)),), daemon=True).start()
        assert service.send(message(local("json://HOST/hook", served))).verdict is SENT
        assert not hanging.over.is_set()


def test_no_more_speakers_than_the_machine_can_bear(service: AnyService) -> None:
    with gateway(says(200)) as served:
        held = [service._free.acquire(timeout=1) for _ in range(SPEAKERS)]
        assert all(held)
        service.deadline_s = 0.2
        outcome = service.send(message(local("json://HOST/x", served)))
        assert outcome == Outcome(REFUSED, f"{SPEAKERS} sendings are under way")
        service._free.release()
        service.deadline_s = 20.0
        assert service.send(message(local("json://HOST/x", served))).verdict is SENT
    assert len(served.requests) == 1


def test_a_speaker_that_was_killed_is_replaced(service: AnyService) -> None:
    with gateway(says(200)) as served:
        service.send(message(local("json://HOST/hook", served)))
        [speaker] = service._idle
        os.kill(speaker.process.pid, signal.SIGKILL)
        speaker.process.wait(10)
        assert service.send(message(local("json://HOST/hook", served))).verdict is SENT


def test_a_speaker_that_dies_in_the_middle_is_unsure() -> None:
    speaker = Speaker()
    with gateway(lambda served, connection: os.kill(speaker.process.pid, signal.SIGKILL)) as served:
        asked: dict[str, object] = {
            "address": local("json://HOST/hook", served),
            "subject": "s",
            "body": "b",
            "read_s": 10,
        }
        assert speaker.ask(asked, 20.0) is None
        assert len(served.requests) == 1
    speaker.end()


def test_a_speaker_knows_none_of_our_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIT_DATABASE__ROLE_PASSWORD", "secret")
    speaker = Speaker()
    with open(f"/proc/{speaker.process.pid}/environ", "rb") as file:  # noqa: PTH123
        assert b"SUNLIT_" not in file.read()
    speaker.end()


def test_an_address_that_apprise_does_not_know_is_refused(service: AnyService) -> None:
    for address in ("nonsense://", "json://127.0.0.1:1/a,json://127.0.0.1:1/b", ""):
        assert service.send(message(address)) == Outcome(REFUSED, "address: not one that Apprise knows")
    assert understood(f"wecombot://{KEY}")
    assert not understood("nonsense://x")


ROBOTS: list[tuple[type[Any], str, str, str]] = [
    (NotifyWeComBot, "notify_url", "/cgi-bin/webhook/send?key={key}", f"wecombot://{KEY}"),
    (NotifyDingTalk, "notify_url", "/robot/send?access_token={token}", f"dingtalk://SEC{KEY}@{KEY}"),
    (NotifyFeishu, "notify_url", "/open-apis/bot/v2/hook/{token}/", f"feishu://{KEY}"),
    (NotifyLark, "notify_url", "/open-apis/bot/v2/hook/", f"lark://{KEY}"),
]
NAMES = ["wecom", "dingtalk", "feishu", "lark"]


def robot(monkeypatch: pytest.MonkeyPatch, kind: type[Any], name: str, path: str, served: Gateway) -> None:
    monkeypatch.setattr(kind, name, served.url + path)


@pytest.mark.parametrize(("kind", "name", "path", "address"), ROBOTS, ids=NAMES)
def test_robots_get_the_letter_as_they_want_it(
    monkeypatch: pytest.MonkeyPatch, kind: type[Any], name: str, path: str, address: str
) -> None:
    good = FEISHU_OK if kind in (NotifyFeishu, NotifyLark) else OK
    with gateway(good) as served:
        robot(monkeypatch, kind, name, path, served)
        assert speak(address, "442001 号梯困人", "请速前往", 5) == Outcome(SENT, "accepted")
    [(line, _, _)], [body] = served.requests, served.bodies
    text = body["text"]["content"] if "text" in body else body["content"]["text"]
    assert "442001 号梯困人" in text
    assert "请速前往" in text
    assert KEY in line
    if kind is NotifyDingTalk:
        assert "sign=" in line and "timestamp=" in line


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (says(200, '{"errcode":45009,"errmsg":"api freq out of limit"}'), REFUSED, "45009: api freq out of limit"),
        (says(200, '{"errcode":310000,"errmsg":"sign not match"}'), REFUSED, "310000"),
        (says(200, "<html>sign in to the network</html>"), UNSURE, "not the answer of a robot"),
        (says(200, "[]"), UNSURE, "not the answer of a robot"),
        (says(502), UNSURE, "HTTP 502"),
    ],
)
@pytest.mark.parametrize(("kind", "name", "path", "address"), ROBOTS[:2], ids=NAMES[:2])
def test_a_robot_that_says_no_with_200_is_heard(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Any],
    name: str,
    path: str,
    address: str,
    answer: Answer,
    verdict: Verdict,
    words: str,
) -> None:
    """Apprise itself takes every 200 for a yes."""
    with gateway(answer) as served:
        robot(monkeypatch, kind, name, path, served)
        outcome = speak(address, "s", "b", 5)
    assert outcome.verdict is verdict
    assert words in outcome.detail


@pytest.mark.parametrize(("kind", "name", "path", "address"), ROBOTS[2:], ids=NAMES[2:])
def test_feishu_says_no_with_200(
    monkeypatch: pytest.MonkeyPatch, kind: type[Any], name: str, path: str, address: str
) -> None:
    with gateway(says(200, '{"code":9499,"msg":"Bad Request","data":{}}')) as served:
        robot(monkeypatch, kind, name, path, served)
        assert speak(address, "s", "b", 5) == Outcome(REFUSED, "the robot says 9499: Bad Request")


def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway(says(200)) as proxy, gateway(OK) as served:
        monkeypatch.setenv("http_proxy", proxy.url)
        robot(monkeypatch, *ROBOTS[0][:3], served)
        assert speak(ROBOTS[0][3], "s", "b", 5).verdict is SENT
        assert proxy.requests == []


def test_no_key_is_said_or_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    robot_address = f"wecombot://{KEY}"
    monkeypatch.setattr(NotifyWeComBot, "notify_url", "http://127.0.0.1:1/send?key={key}")
    outcome = speak(robot_address, "s", "b", 5)
    assert outcome.verdict is REFUSED
    assert KEY not in outcome.detail
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("scheme", "yes", "heard", "verdict"),
    [
        ("smpp", True, [], SENT),
        ("smpp", False, [], UNSURE),
        ("json", True, [Heard(200)], SENT),
        ("json", False, [Heard(200)], REFUSED),
        ("json", False, [Heard(200), Heard(404)], UNSURE),
        ("json", False, [Heard(fault="ReadTimeout")], UNSURE),
        ("json", False, [Heard(fault="ConnectTimeout", began=False)], REFUSED),
        ("json", True, [Heard(302)], REFUSED),
        ("wecombot", True, [Heard(200, '{"errcode": 0}')], SENT),
        ("wecombot", True, [Heard(200, '{"errcode": "0"}')], REFUSED),
        ("wecombot", True, [Heard(200, "")], UNSURE),
    ],
)
def test_what_an_answer_means(scheme: str, yes: bool, heard: list[Heard], verdict: Verdict) -> None:
    assert judge(scheme, yes, heard).verdict is verdict


def test_this_apprise_still_takes_every_200_for_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, ROBOTS in the speaker may no longer be needed for this robot."""
    with gateway(says(200, json.dumps({"errcode": 45009}))) as served:
        robot(monkeypatch, *ROBOTS[0][:3], served)
        plain = apprise.Apprise()
        plain.add(ROBOTS[0][3])
        assert bool(plain.notify(title="s", body="b"))
