"""F10: gateways that time out, fail, answer late, twice, in drips, or lead elsewhere. Every sending has an end."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerting.channels import Message, Outcome, Verdict, open_channels, reveal
from alerting.channels.email import Email
from alerting.channels.webhook import Webhook
from runtime.settings import AlertingSettings
from tests.integration.alerting.gateways import (
    Answer,
    Gateway,
    MailServer,
    break_off,
    drips,
    drips_its_body,
    gateway,
    hangs_up,
    never,
    says,
    twice,
)

SENT, REFUSED, UNSURE = Verdict.SENT, Verdict.REFUSED, Verdict.UNSURE
DEADLINE_S = 1.0


def message(address: str, dedupe: str = "i1-tier_offer-o7-3") -> Message:
    return Message(address, "【亮堂】442001 号梯困人", "please come", "tier_offer", "en", dedupe, "http://x/receipts/t")


def post(address: str) -> Outcome:
    return Webhook(AlertingSettings(), DEADLINE_S).send(message(address))


def late(_: Gateway, connection: socket.socket) -> None:
    time.sleep(DEADLINE_S * 1.5)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def answers_nothing_known(_: Gateway, connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (says(200), SENT, "HTTP 200"),
        (says(202, "{}"), SENT, "HTTP 202"),
        (says(400), REFUSED, "HTTP 400"),
        (says(408), UNSURE, "HTTP 408"),
        (says(410), REFUSED, "HTTP 410"),
        (says(429), REFUSED, "HTTP 429"),
        (says(500), UNSURE, "HTTP 500"),
        (says(503), UNSURE, "HTTP 503"),
        (never, UNSURE, "no answer within 1 s"),
        (late, UNSURE, "no answer within 1 s"),
        (drips, UNSURE, "no answer within 1 s"),
        (drips_its_body, SENT, "HTTP 200"),
        (twice, SENT, "HTTP 200"),
        (hangs_up, UNSURE, ""),
        (answers_nothing_known, UNSURE, "RemoteProtocolError"),
    ],
)
def test_a_webhook_whatever_its_gateway_does(answer: Answer, verdict: Verdict, words: str) -> None:
    with gateway(answer) as served:
        outcome = post(f"{served.url}/send")
    assert outcome.verdict is verdict
    assert words in outcome.detail
    assert len(served.requests) == 1


def test_a_webhook_tells_who_sends_what_and_where_receipts_go() -> None:
    with gateway(says(200, headers="X-Receipt: r-17\r\n")) as served:
        outcome = post(f"{served.url}/send")
    [(_, headers, _)], [body] = served.requests, served.bodies
    assert outcome.receipt == "r-17"
    assert headers["idempotency-key"] == body["dedupe"] == "i1-tier_offer-o7-3"
    assert body["receipt_url"] == "http://x/receipts/t"
    assert body["subject"] == "【亮堂】442001 号梯困人"


def test_a_webhook_leads_nowhere_else() -> None:
    with gateway(says(200)) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            with gateway(says(status, headers=f"Location: {elsewhere.url}/steal\r\n")) as served:
                outcome = post(f"{served.url}/send")
            assert outcome.verdict is REFUSED
            assert "leads elsewhere" in outcome.detail
        assert elsewhere.requests == []


def test_two_answers_to_one_letter_are_no_answer_to_the_next() -> None:
    hook = Webhook(AlertingSettings(), DEADLINE_S)
    answers = [twice, never]

    def answer(served: Gateway, connection: socket.socket) -> None:
        answers.pop(0)(served, connection)

    with gateway(answer) as served:
        assert hook.send(message(served.url, "one")).verdict is SENT
        assert hook.send(message(served.url, "two")).verdict is UNSURE


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway(says(200)) as proxy, gateway(says(200)) as served:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert post(f"{served.url}/send").verdict is SENT
        assert proxy.requests == []


def test_a_deadline_is_shorter_than_the_lease() -> None:
    channels = open_channels(AlertingSettings(lease_s=1))
    with gateway(drips) as served:
        done = threading.Event()

        def send() -> None:
            channels["webhook"](message(f"{served.url}/send"))
            done.set()

        threading.Thread(target=send, daemon=True).start()
        assert done.wait(30)
    assert channels["webhook"].__self__.deadline_s == 0.6  # type: ignore[attr-defined]
    assert channels["email"].__self__.deadline_s == 0.6  # type: ignore[attr-defined]
    assert channels["apprise"].__self__.deadline_s == 0.6  # type: ignore[attr-defined]


def email(server: MailServer) -> Outcome:
    settings = AlertingSettings(smtp_port=server.port, smtp_from="desk@sunlit.test")
    return Email(settings, DEADLINE_S).send(message("crew@anjie.example"))


def rcpt(said: str) -> Callable[[MailServer], None]:
    def tell(server: MailServer) -> None:
        server.rcpt = lambda: said

    return tell


def data(said: str) -> Callable[[MailServer], None]:
    def tell(server: MailServer) -> None:
        server.data = lambda _: said

    return tell


def drop(server: MailServer) -> None:
    server.data = break_off


@pytest.mark.parametrize(
    ("tell", "verdict", "words", "mails"),
    [
        (rcpt("550 5.1.1 no such user"), REFUSED, "550 5.1.1 no such user", 0),
        (rcpt("451 4.7.1 greylisted, try later"), REFUSED, "451", 0),
        (data("554 5.7.1 no"), REFUSED, "554", 1),
        (data("451 4.3.0 local error"), REFUSED, "451", 1),
        (drop, UNSURE, "", 1),
        (lambda server: None, SENT, "accepted", 1),
    ],
)
def test_mail_whatever_its_server_says(
    tell: Callable[[MailServer], None], verdict: Verdict, words: str, mails: int
) -> None:
    with MailServer() as server:
        tell(server)
        outcome = email(server)
        assert outcome.verdict is verdict
        assert words in outcome.detail
        assert len(server.mails) == mails


@pytest.mark.parametrize(
    ("trusted", "password", "verdict", "words"),
    [
        (True, "right", SENT, "accepted"),
        (True, "wrong", REFUSED, "535"),
        (False, "right", REFUSED, "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_a_password_goes_only_to_a_server_that_is_who_it_says(
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
    password: str,
    verdict: Verdict,
    words: str,
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MailServer(tls, "right") as server:
        settings = AlertingSettings(
            smtp_host="localhost", smtp_port=server.port, smtp_username="desk", smtp_password=SecretStr(password)
        )
        outcome = Email(settings, 10).send(message("crew@anjie.example"))
        assert outcome.verdict is verdict
        assert words in outcome.detail
        assert len(server.mails) == (verdict is SENT)


def test_greylisting_is_over_when_it_is_tried_again() -> None:
    with MailServer() as server:
        answers: list[str | None] = ["451 4.7.1 try later", None]
        server.rcpt = lambda: answers.pop(0)
        assert email(server).verdict is REFUSED
        outcome = email(server)
        assert outcome.verdict is SENT
        assert outcome.receipt == "<i1-tier_offer-o7-3@sunlit.test>"
        assert b"Auto-Submitted: auto-generated" in server.mails[0]


@pytest.mark.parametrize("said", [b"", b"2", b"220-slow\r\n" * 3, b"421 4.3.2 shutting down\r\n"])
def test_a_mail_server_that_does_not_go_on_has_not_got_the_letter(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            connection, _ = listener.accept()
            held.append(connection)
            connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        settings = AlertingSettings(smtp_port=listener.getsockname()[1])
        outcome = Email(settings, DEADLINE_S)._deliver(EmailMessage())
        for connection in held:
            connection.close()
    assert outcome.verdict is REFUSED
    assert "421" in outcome.detail if b"421" in said else "timed out" in outcome.detail


def test_a_mail_server_that_drips_is_left_behind_and_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that never ends: no single step is late, so that smtplib alone would wait for ever."""
    monkeypatch.setattr("alerting.channels.email.HANGING", 3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.sendall(b"220-")
                    while not stop.wait(0.02):
                        connection.sendall(b"z")
                except OSError:
                    return

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=drip, args=(connection,), daemon=True).start()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        channel = Email(AlertingSettings(smtp_port=listener.getsockname()[1]), DEADLINE_S)
        outcomes = [channel.send(message("crew@anjie.example")) for _ in range(4)]
        stop.set()
    assert outcomes[0] == Outcome(UNSURE, "no answer within 1 s")
    assert outcomes[-1] == Outcome(REFUSED, "3 sendings hang already")


def test_an_address_by_file_is_read_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "robot"
    file.write_text("wecombot://first\n", "utf-8")
    assert reveal(f"file:{file}") == "wecombot://first"
    file.write_text("wecombot://second\n", "utf-8")
    assert reveal(f"file:{file}") == "wecombot://second"
    assert reveal("wecombot://plain") == "wecombot://plain"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"\xff\xfe", "cannot"), (b" \n", "is empty")]
)
def test_an_address_by_file_that_is_not_there_says_so(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "robot"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        reveal(f"file:{file}")


def test_what_a_message_says_is_json() -> None:
    with gateway(says(200)) as served:
        post(f"{served.url}/send")
        assert json.loads(served.requests[0][2])["language"] == "en"
