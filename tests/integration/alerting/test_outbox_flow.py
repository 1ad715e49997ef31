"""Letters leave through real gateways: refused, unsure, killed in the middle, and still they arrive."""

import hashlib
import hmac
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerting import delivery, outbox
from alerting.channels import Message, Outcome, Verdict, open_channels
from alerting.channels.email import Email
from alerting.channels.webhook import Webhook
from alerting.clock import DeskClock
from alerting.contacts import Contact
from alerting.letters import Letter
from runtime.db import Pool, Role, connect, pool
from runtime.demo.receivers import Inbox, Receivers
from runtime.settings import AlertingSettings, DatabaseSettings, Settings
from runtime.stack.ports import free_port
from tests.integration.alerting.gateways import gateway, says

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = "hook-secret"


class Desk:
    """An outbox over a real database with real receivers."""

    def __init__(self, database: DatabaseSettings, folder: Path) -> None:
        self.database = database
        self.http, smtp = free_port(), free_port()
        self.receivers = Receivers(Inbox(folder / "inbox.jsonl"), self.http, smtp)
        self.receivers.start()
        self.settings = AlertingSettings(smtp_port=smtp, webhook_secret=SecretStr(SECRET), smtp_from="desk@sunlit.test")
        self.pool: Pool = pool(database, Role.ALERTING, size=4)
        self.worker = outbox.Worker(self.pool, open_channels(self.settings), lease_s=30)

    def close(self) -> None:
        self.pool.close()
        self.receivers.stop()

    def queue(self, dedupe: str, channel: str = "webhook", address: str = "", language: str = "en") -> None:
        with connect(self.database, Role.ALERTING) as connection:
            outbox.enqueue(
                connection,
                dedupe=dedupe,
                channel=channel,
                address=address or f"http://127.0.0.1:{self.http}/hook/mu-1",
                stage="tier_offer",
                language=language,
                letter=Letter("电梯 trapped", "please come"),
                now=NOW,
                give_up_at=NOW + timedelta(seconds=20),
            )

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with connect(self.database, Role.OWNER) as connection:
            return connection.execute(statement).fetchall()

    def state(self) -> list[str]:
        return [row["state"] for row in self.rows("SELECT state FROM outbox ORDER BY id")]

    def outcomes(self) -> list[str]:
        return [row["outcome"] for row in self.rows("SELECT outcome FROM outbox_attempt ORDER BY id")]


@pytest.fixture
def desk(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(city_db, tmp_path)
    yield made
    made.close()


def test_webhook_and_mail_arrive_once_with_receipts(desk: Desk) -> None:
    desk.queue("a")
    desk.queue("a")
    desk.queue("b", "email", "mu-1@demo.invalid")
    assert outbox.cycle(desk.worker, NOW) == 2
    assert outbox.cycle(desk.worker, NOW) == 0
    assert desk.state() == ["sent", "sent"]
    got = {letter["channel"]: letter for letter in desk.receivers.inbox.letters()}
    assert got["webhook"]["subject"] == got["email"]["subject"] == "电梯 trapped"
    assert got["email"]["address"] == "mu-1@demo.invalid"
    assert all(row["receipt"] for row in desk.rows("SELECT receipt FROM outbox"))


def test_the_signature_can_be_checked(desk: Desk) -> None:
    desk.queue("a")
    outbox.cycle(desk.worker, NOW)
    letter = desk.receivers.inbox.letters()[0]
    parts = dict(part.split("=", 1) for part in letter["signature"].split(","))
    expected = hmac.new(SECRET.encode(), f"{parts['t']}.{letter['raw']}".encode(), hashlib.sha256).hexdigest()
    assert parts["v1"] == expected


def test_a_gateway_that_fails_first_is_tried_again_later(desk: Desk) -> None:
    desk.receivers.answers = [500, 400]
    desk.queue("a")
    assert outbox.cycle(desk.worker, NOW) == 1
    assert desk.state() == ["queued"]
    assert outbox.cycle(desk.worker, NOW + timedelta(seconds=0.5)) == 0, "not before its pause is over"
    assert outbox.cycle(desk.worker, NOW + timedelta(seconds=1.1)) == 1
    assert outbox.cycle(desk.worker, NOW + timedelta(seconds=4)) == 1
    assert desk.state() == ["sent"]
    assert desk.outcomes() == ["unsure", "refused", "sent"]


def test_after_its_clock_a_letter_has_failed_and_says_so(desk: Desk) -> None:
    desk.queue("a", address=f"http://127.0.0.1:{free_port()}/nobody")
    for seconds in (0, 2, 5, 10, 19, 20):
        outbox.cycle(desk.worker, NOW + timedelta(seconds=seconds))
    assert desk.state() == ["failed"]
    assert set(desk.outcomes()) == {"refused"}


def test_no_answer_is_unsure_and_sent_again_with_a_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Webhook(desk.settings, deadline_s=0.5)
    desk.receivers.hang_s = 1.0
    desk.receivers.answers = [0]
    worker = outbox.Worker(desk.pool, {"webhook": hook.send}, lease_s=30)
    desk.queue("a")
    outbox.cycle(worker, NOW)
    outbox.cycle(worker, NOW + timedelta(seconds=2))
    assert desk.outcomes() == ["unsure", "sent"]
    bodies = [letter["body"] for letter in desk.receivers.inbox.letters()]
    assert bodies[0] == "please come"
    assert "may be a repeat" in bodies[1]


def test_killed_between_accepted_and_written(desk: Desk, tmp_path: Path) -> None:
    """F8: the gateway has the letter, the row does not know it. The successor sends again and says so."""
    desk.queue("a")
    script = textwrap.dedent(f"""
        import os, signal
        from datetime import datetime
        from alerting import delivery, outbox
        from alerting.channels import open_channels
        from runtime.db import Role, pool
        from runtime.settings import AlertingSettings, DatabaseSettings, Settings
        settings = AlertingSettings(smtp_port={desk.settings.smtp_port}, webhook_secret="{SECRET}")
        connections = pool(DatabaseSettings(url={desk.database.url!r}), Role.ALERTING)
        worker = outbox.Worker(connections, open_channels(settings), 30)
        worker._settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        outbox.cycle(worker, datetime.fromisoformat("{NOW.isoformat()}"))
    """)
    path = tmp_path / "victim.py"
    path.write_text(script, "utf-8")
    assert subprocess.run([sys.executable, str(path)], check=False, timeout=60).returncode == -9
    assert desk.state() == ["leased"]
    assert len(desk.receivers.inbox.letters()) == 1
    assert outbox.cycle(desk.worker, NOW + timedelta(seconds=29)) == 0, "the lease still holds"
    assert outbox.cycle(desk.worker, NOW + timedelta(seconds=31)) == 1
    assert desk.state() == ["sent"]
    assert desk.outcomes() == ["unsure", "sent"], "every attempt has an outcome"
    assert "may be a repeat" in desk.receivers.inbox.letters()[1]["body"]


def test_a_frozen_worker_cannot_write_over_its_successor(desk: Desk) -> None:
    """F9."""
    frozen = outbox.Worker(desk.pool, {}, lease_s=5)
    frozen.name = "frozen"
    desk.queue("a")
    [row] = frozen.lease(NOW, 10)
    outbox.cycle(desk.worker, NOW + timedelta(seconds=6))
    assert desk.state() == ["sent"]
    frozen.send(row, lambda: NOW + timedelta(seconds=60))
    assert desk.state() == ["sent"], "it lost its lease, so its word does not count"


def test_a_worker_that_lost_its_lease_does_not_send(desk: Desk) -> None:
    frozen = outbox.Worker(desk.pool, desk.worker.channels, lease_s=5)
    frozen.name = "frozen"
    desk.queue("a")
    [row] = frozen.lease(NOW, 10)
    outbox.cycle(desk.worker, NOW + timedelta(seconds=6))
    assert frozen.send(row, lambda: NOW + timedelta(seconds=60)) is None
    assert len(desk.receivers.inbox.letters()) == 1


def test_a_late_worker_leaves_the_attempt_of_its_successor_alone(desk: Desk) -> None:
    frozen = outbox.Worker(desk.pool, desk.worker.channels, lease_s=5)
    frozen.name = "frozen"
    desk.queue("a")
    [row] = frozen.lease(NOW, 10)

    def gateway(message: Message) -> Outcome:
        frozen.send(row, lambda: NOW + timedelta(seconds=7))
        return Outcome(Verdict.SENT, message.dedupe, "r")

    outbox.cycle(outbox.Worker(desk.pool, {"webhook": gateway}, lease_s=30), NOW + timedelta(seconds=6))
    assert desk.state() == ["sent"]
    assert desk.outcomes() == ["sent"]


def test_a_gateway_that_hangs_holds_nobody_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, left = threading.Event(), set[str]()

    def gateway(message: Message) -> Outcome:
        if message.dedupe == "hangs":
            gate.wait(30)
            return Outcome(Verdict.UNSURE, "no answer")
        left.add(message.dedupe)
        return Outcome(Verdict.SENT, "accepted", "r")

    monkeypatch.setattr(delivery, "open_channels", lambda settings: {"webhook": gateway})
    others = {f"other-{number}" for number in range(8)}
    for dedupe in ("hangs", *sorted(others)):
        desk.queue(dedupe)
    with connect(desk.database, Role.OWNER) as connection:
        connection.execute("UPDATE outbox SET next_at = now(), give_up_at = now() + interval '1 hour'")
    stop = threading.Event()
    duty = delivery.work(Settings(database=desk.database, alerting=desk.settings))
    thread = threading.Thread(daemon=True, target=duty, args=(stop,))
    thread.start()
    try:
        until(lambda: left == others)
    finally:
        stop.set()
        gate.set()
        thread.join(15)
    assert not thread.is_alive()


def test_reminders_that_hang_leave_room_for_a_first_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every thread that reminders may have hangs, through several gateways; a page leaves all the same."""
    gate, hanging, pages = threading.Event(), list[str](), list[str]()

    def gateway(message: Message) -> Outcome:
        if message.stage == "tier_offer":
            pages.append(message.dedupe)
            return Outcome(Verdict.SENT, "accepted", "r")
        hanging.append(message.dedupe)
        gate.wait(30)
        return Outcome(Verdict.UNSURE, "no answer")

    monkeypatch.setattr(delivery, "open_channels", lambda settings: {"webhook": gateway})
    now = datetime.now(UTC)
    with connect(desk.database, Role.ALERTING) as connection:
        for number in range(delivery.IN_PARALLEL * 2):
            outbox.enqueue(
                connection,
                dedupe=f"r{number}",
                channel="webhook",
                address=f"http://gateway-{number % 8}.example/x",
                stage="record_reminder",
                language="en",
                letter=Letter("s", "b"),
                now=now,
                give_up_at=now + timedelta(hours=1),
            )
    stop = threading.Event()
    duty = delivery.work(Settings(database=desk.database, alerting=desk.settings))
    thread = threading.Thread(daemon=True, target=duty, args=(stop,))
    thread.start()
    try:
        until(lambda: len(hanging) == delivery.OTHERS)
        desk.queue("page")
        with connect(desk.database, Role.OWNER) as connection:
            connection.execute("UPDATE outbox SET next_at = now() WHERE dedupe = 'page'")
        until(lambda: pages == ["page"])
        assert len(hanging) == delivery.OTHERS
    finally:
        stop.set()
        gate.set()
        thread.join(15)


def test_one_gateway_gets_so_many_at_once_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, at_once, others = threading.Event(), list[str](), list[str]()

    def gateway(message: Message) -> Outcome:
        if "slow" in message.dedupe:
            at_once.append(message.dedupe)
            gate.wait(30)
        else:
            others.append(message.dedupe)
        return Outcome(Verdict.SENT, "accepted", "r")

    monkeypatch.setattr(delivery, "open_channels", lambda settings: {"webhook": gateway})
    # The quick one is not even looked at while the slow gateway's letters are: they must be left out.
    monkeypatch.setattr(outbox, "AT_ONCE", 1)
    for number in range(delivery.IN_PARALLEL + 5):
        desk.queue(f"slow-{number}", address="http://slow.example/x")
    desk.queue("quick", address="http://quick.example/x")
    with connect(desk.database, Role.OWNER) as connection:
        connection.execute("UPDATE outbox SET next_at = now(), give_up_at = now() + interval '1 hour'")
    stop = threading.Event()
    duty = delivery.work(Settings(database=desk.database, alerting=desk.settings))
    thread = threading.Thread(daemon=True, target=duty, args=(stop,))
    thread.start()
    try:
        until(lambda: others == ["quick"] and len(at_once) == delivery.PER_GATEWAY)
        gate.set()
        until(lambda: desk.state() == ["sent"] * (delivery.IN_PARALLEL + 6))
    finally:
        stop.set()
        gate.set()
        thread.join(15)


def test_the_next_way_goes_out_while_the_duty_runs(desk: Desk) -> None:
    """The whole chain with real parts: a host that nobody is at, then mail."""
    settings = desk.settings.model_copy(update={"poll_s": 0.2})
    now = datetime.now(UTC)
    with connect(desk.database, Role.ALERTING) as connection:
        ways = [
            Contact(id=one["id"], channel=channel, address=address, language="en", priority=priority, organisation_id=1)
            for one, (channel, address, priority) in zip(
                connection.execute("SELECT id FROM contact_method ORDER BY id LIMIT 2").fetchall(),
                [("webhook", "http://127.0.0.1:1/x", 1), ("email", "mu-1@demo.invalid", 2)],
                strict=True,
            )
        ]
        outbox.tell(
            connection,
            ways,
            lambda _: Letter("trapped", "please come"),
            prefix="i1",
            stage="tier_offer",
            now=now,
            give_up_at=now + timedelta(hours=1),
        )
    stop = threading.Event()
    duty = delivery.work(Settings(database=desk.database, alerting=settings))
    thread = threading.Thread(daemon=True, target=duty, args=(stop,))
    thread.start()
    try:
        until(lambda: [letter["channel"] for letter in desk.receivers.inbox.letters()] == ["email"])
    finally:
        stop.set()
        thread.join(15)


def test_the_demos_receiver_says_that_a_letter_was_delivered(desk: Desk) -> None:
    desk.receivers.receipts = True
    with gateway(says(202)) as pages:
        settings = desk.settings.model_copy(update={"public_url": pages.url})
        worker = outbox.Worker(desk.pool, open_channels(settings), 30, settings)
        desk.queue("a")
        outbox.cycle(worker, NOW)
        until(lambda: len(pages.requests) == 1)
    [(line, _, _)], [body] = pages.requests, pages.bodies
    token = line.split()[1].removeprefix("/receipts/")
    assert body == {"state": "delivered"}
    kept = desk.rows("SELECT receipt_sha256 FROM outbox_attempt")
    assert kept == [{"receipt_sha256": hashlib.sha256(token.encode()).hexdigest()}]


def test_leases_are_told_by_the_databases_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(desk.database, Role.ALERTING) as connection:
        clock = DeskClock(connection)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        first = clock.ask()
        assert first <= clock() <= outbox.server_time(connection) + timedelta(seconds=1)


def test_two_workers_share_the_rows(desk: Desk) -> None:
    for number in range(40):
        desk.queue(f"a{number}")
    other = outbox.Worker(desk.pool, open_channels(desk.settings), lease_s=30)
    other.name = "other"
    threads = [
        threading.Thread(daemon=True, target=outbox.cycle, args=(worker, NOW)) for worker in (desk.worker, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert desk.state() == ["sent"] * 40
    keys = [letter["dedupe"] for letter in desk.receivers.inbox.letters()]
    assert len(keys) == len(set(keys)) == 40


def test_the_duty_sends_what_is_queued(desk: Desk, city_db: DatabaseSettings) -> None:
    settings = Settings(database=city_db, alerting=desk.settings.model_copy(update={"poll_s": 0.2}))
    stop = threading.Event()
    thread = threading.Thread(daemon=True, target=delivery.work(settings), args=(stop,))
    thread.start()
    with connect(city_db, Role.OWNER) as connection:
        connection.execute("UPDATE outbox SET next_at = now()")
    desk.queue("late")
    until(lambda: desk.state() == ["sent"])
    stop.set()
    thread.join(15)
    assert not thread.is_alive()


def until(look: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("address", "verdict"),
    [("http://127.0.0.1:1/x", Verdict.REFUSED), ("gopher://x", Verdict.REFUSED), ("", Verdict.REFUSED)],
)
def test_a_wrong_webhook_address_is_refused_in_words(address: str, verdict: Verdict) -> None:
    message = Message(address, "s", "b", "tier_offer", "en", "d")
    outcome = Webhook(AlertingSettings()).send(message)
    assert outcome.verdict is verdict
    assert outcome.detail


def test_mail_without_a_server_is_refused_in_words() -> None:
    message = Message("a@b.invalid", "s", "b", "tier_offer", "en", "d")
    outcome = Email(AlertingSettings(smtp_port=free_port())).send(message)
    assert outcome.verdict is Verdict.REFUSED


def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    send = open_channels(AlertingSettings())["apprise"]
    assert send(Message("nonsense://", "s", "b", "x", "en", "d")).verdict is Verdict.REFUSED


def test_a_mail_address_with_a_line_break_is_refused_in_words(desk: Desk) -> None:
    desk.queue("a", "email", "mu-1@demo.invalid\nBcc: other@demo.invalid")
    outbox.cycle(desk.worker, NOW)
    assert desk.state() == ["queued"]
    assert desk.outcomes() == ["refused"]
    assert desk.receivers.inbox.letters() == []
