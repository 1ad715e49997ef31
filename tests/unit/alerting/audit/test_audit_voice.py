"""The auditor's mouths: what cannot be said now is said as soon as it can, once, and holds up nobody."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from alerting.audit import voice
from alerting.audit.voice import Mouths, ways
from alerting.audit.words import Letter
from alerting.channels import Message, Outcome, Verdict
from runtime.audit_settings import AuditSettings


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(voice, "LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.01)


class Gateway:
    """Answers as it is told, then accepts."""

    def __init__(self, *answers: Verdict) -> None:
        self.answers, self.got = list(answers), list[Message]()

    def send(self, message: Message) -> Outcome:
        verdict = self.answers.pop(0) if self.answers else Verdict.SENT
        if verdict is Verdict.SENT:
            self.got.append(message)
        return Outcome(verdict, f"said by {message.address}")


def start(mouths: Mouths, stop: threading.Event) -> None:
    for duty in mouths.duties().values():
        threading.Thread(target=duty, args=(stop,), daemon=True).start()


SETTINGS = AuditSettings(webhook=SecretStr("http://a http://b"), email=SecretStr("x@y.z"))


def test_addresses_come_apart_by_space_and_have_names_without_secrets() -> None:
    assert ways(SETTINGS) == {
        "webhook 1": ("webhook", "http://a"),
        "webhook 2": ("webhook", "http://b"),
        "email 1": ("email", "x@y.z"),
    }
    assert ways(AuditSettings()) == {}


def test_what_failed_is_said_in_one_letter_when_it_can_be(stop: threading.Event) -> None:
    hook, mail = Gateway(Verdict.REFUSED, Verdict.UNSURE, Verdict.REFUSED), Gateway()
    mouths = Mouths(AuditSettings(webhook=SecretStr("http://a")), {"webhook": hook.send, "email": mail.send})
    first, second = mouths.say(Letter("one", "1")), mouths.say(Letter("two", "2"))
    start(mouths, stop)
    until(lambda: mouths.got_out(second))
    assert mouths.got_out(first)
    assert [(message.subject, message.body) for message in hook.got] == [("two", "1\n2")]
    assert mouths.voices[0].failing_since is None


def test_a_way_that_fails_is_named_without_its_address(stop: threading.Event) -> None:
    hook = Gateway(*[Verdict.REFUSED] * 1000)
    mouths = Mouths(AuditSettings(webhook=SecretStr("http://secret")), {"webhook": hook.send})
    start(mouths, stop)
    mouths.say(Letter("one", "1"))
    until(lambda: mouths.voices[0].failing_since)
    assert mouths.voices[0].reason == "refused: said by <address>"


def test_a_way_that_hangs_or_breaks_holds_up_no_other(stop: threading.Event) -> None:
    mail = Gateway()

    def hang(message: Message) -> Outcome:
        del message
        stop.wait(20)
        return Outcome(Verdict.UNSURE)

    mouths = Mouths(SETTINGS, {"webhook": hang, "email": mail.send})
    start(mouths, stop)
    number = mouths.say(Letter("one", "1"))
    until(lambda: mouths.got_out(number))
    assert len(mail.got) == 1


def test_a_channel_that_raises_counts_as_failing() -> None:
    def broken(message: Message) -> Outcome:
        raise RuntimeError(message.subject)

    mouths = Mouths(AuditSettings(webhook=SecretStr("http://a")), {"webhook": broken})
    mouths.say(Letter("one", "1"))
    with pytest.raises(RuntimeError):
        mouths.mouths[0].run(threading.Event())
    assert mouths.voices[0].reason == "unsure: the channel itself failed"


def test_what_is_too_old_is_not_told_at_length(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Gateway()
    mouths = Mouths(AuditSettings(webhook=SecretStr("http://a"), again_s=60), {"webhook": hook.send})
    clock = [0.0]
    monkeypatch.setattr("alerting.audit.voice.time.monotonic", lambda: clock[0])
    for _ in range(3):
        mouths.say(Letter("old", "old"))
    clock[0] = 100
    mouths.say(Letter("new", "new"))
    thread = threading.Thread(target=mouths.mouths[0].run, args=(stop,), daemon=True)
    thread.start()
    while not hook.got:
        time.sleep(0.01)
    assert hook.got[0].body == "new"
