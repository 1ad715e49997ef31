"""`python -m alerting.channels.speaker`: speaks Apprise for the outbox, a JSON line in, a JSON line out.

A process of its own, because Apprise knows neither a deadline nor more than yes and no: it is killed when it takes too
long, no other letter's requests are touched, and it hears what the gateways really answered.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import apprise
import requests
import urllib3

from alerting.channels import Outcome, Verdict, of_status

ROBOTS = {
    "wecombot": ("errcode",),
    "dingtalk": ("errcode",),
    "feishu": ("code", "StatusCode"),
    "lark": ("code", "StatusCode"),
}
"""By scheme: the fields of which one must be 0. They say no with HTTP 200, which Apprise takes for a yes."""
CONNECT_S = 5.0


class Heard(NamedTuple):
    """One answer to Apprise, or why there was none."""

    status: int = 0
    body: str = ""
    fault: str = ""
    began: bool = True
    """the request was on its way: it may have arrived"""


@contextmanager
def recording(heard: list[Heard]) -> Iterator[None]:
    """Hears every answer; nothing leads elsewhere: no redirects, no proxies or passwords of the environment."""
    ask = requests.Session.request

    def request(session: requests.Session, *args: Any, **words: Any) -> requests.Response:
        session.trust_env = False
        try:
            answer = ask(session, *args, **{**words, "allow_redirects": False})
        except requests.RequestException as error:
            heard.append(Heard(fault=type(error).__name__, began=not _before_sending(error)))
            raise
        heard.append(Heard(answer.status_code, answer.text[:2000]))
        return answer

    requests.Session.request = request  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        requests.Session.request = ask  # type: ignore[method-assign]


def _before_sending(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.InvalidURL):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)


def judge(scheme: str, yes: bool, heard: Sequence[Heard]) -> Outcome:
    """What became of a letter, from what Apprise says and what the gateway answered last."""
    if not heard:
        return Outcome(Verdict.SENT, "accepted") if yes else Outcome(Verdict.UNSURE, "the service did not confirm")
    last = heard[-1]
    if last.fault:
        return Outcome(Verdict.UNSURE if last.began else Verdict.REFUSED, last.fault)
    found = of_status(last.status)
    if found.verdict is not Verdict.SENT:
        several = any(200 <= one.status < 300 for one in heard)
        return Outcome(Verdict.UNSURE, f"{found.detail} after another answer") if several else found
    if scheme in ROBOTS:
        return _robot(ROBOTS[scheme], last)
    return found if yes else Outcome(Verdict.REFUSED, f"HTTP {last.status}, but not accepted")


def _robot(fields: Sequence[str], last: Heard) -> Outcome:
    try:
        said = json.loads(last.body)
    except ValueError:
        said = None
    codes = [said[field] for field in fields if field in said] if isinstance(said, dict) else []
    if not codes:
        return Outcome(Verdict.UNSURE, f"HTTP {last.status}, but not the answer of a robot")
    if codes[0] != 0:
        words = said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or ""
        return Outcome(Verdict.REFUSED, f"the robot says {codes[0]}: {str(words)[:200]}")
    return Outcome(Verdict.SENT, "accepted")


def understood(address: str) -> bool:
    """Whether Apprise knows such an address."""
    return len(_service(address)) == 1


def _service(address: str) -> apprise.Apprise:
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, plugin_paths=[], secure_logging=True)
    service = apprise.Apprise(asset=asset)
    service.add(address)
    return service


def speak(address: str, subject: str, body: str, read_s: float) -> Outcome:
    """One attempt at an Apprise address."""
    service = _service(address)
    if len(service) != 1:
        return Outcome(Verdict.REFUSED, "address: not one that Apprise knows")
    # Its own pauses would make a first page wait; ours know which letter may.
    service[0].request_rate_per_sec = 0
    service[0].socket_connect_timeout, service[0].socket_read_timeout = min(CONNECT_S, read_s), read_s
    heard: list[Heard] = []
    with recording(heard):
        yes = bool(service.notify(title=subject, body=body))
    return judge(address.partition("://")[0].lower(), yes, heard)


def answer(asked: Mapping[str, Any]) -> dict[str, str]:
    outcome = speak(asked["address"], asked["subject"], asked["body"], float(asked["read_s"]))
    return {"verdict": outcome.verdict.value, "detail": outcome.detail}


def main() -> None:
    # What libraries log or print can hold a robot's key; the answers have a way of their own.
    logging.disable(logging.CRITICAL)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line)), ensure_ascii=False), file=answers, flush=True)


if __name__ == "__main__":
    main()
