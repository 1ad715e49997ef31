"""Delivery receipts come to an address of the letter's own, whatever gateways call it, however often they say it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alerting import outbox
from alerting.channels import Message, Outcome, Verdict
from alerting.contacts import Contact
from alerting.letters import Letter
from api.app import create_app
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect, pool
from runtime.settings import AlertingSettings, DatabaseSettings, Settings

NOW = datetime.now(UTC)


class Case:
    """One letter that was sent, and the pages."""

    def __init__(self, client: TestClient, database: DatabaseSettings, worker: outbox.Worker) -> None:
        self.client, self.database, self.worker = client, database, worker
        self.messages: list[Message] = []

    @property
    def address(self) -> str:
        return self.messages[-1].receipt_url.removeprefix("http://testserver")

    def kept(self) -> list[tuple[str, str]]:
        with connect(self.database, Role.ALERTING) as connection:
            rows = connection.execute("SELECT state, detail FROM receipt ORDER BY received_at").fetchall()
        return [(row["state"], row["detail"]) for row in rows]

    def delivered(self) -> bool:
        self.worker.look(datetime.now(UTC) + timedelta(seconds=1))
        with connect(self.database, Role.ALERTING) as connection:
            row = connection.execute("SELECT delivered_at FROM outbox").fetchone()
        return bool(row and row["delivered_at"])


@pytest.fixture
def case(city_db: DatabaseSettings, tmp_path: Path) -> Iterator[Case]:
    settings = AlertingSettings(public_url="http://testserver/")
    connections = pool(city_db, Role.ALERTING)
    made: Case

    def gateway(message: Message) -> Outcome:
        made.messages.append(message)
        return Outcome(Verdict.SENT, "ok")

    worker = outbox.Worker(connections, {"webhook": gateway}, 30, settings)
    app = create_app(Settings(database=city_db, api=ApiSettings(evidence=tmp_path / "evidence")))
    with TestClient(app) as client, connect(city_db, Role.ALERTING) as connection:
        made = Case(client, city_db, worker)
        row = connection.execute("SELECT id, organisation_id FROM contact_method LIMIT 1").fetchone()
        assert row is not None
        contact = Contact(
            id=row["id"], channel="webhook", address="x", language="zh", organisation_id=row["organisation_id"]
        )
        outbox.tell(
            connection,
            [contact],
            lambda _: Letter("s", "b"),
            prefix="i1",
            stage="tier_offer",
            now=NOW,
            give_up_at=NOW + timedelta(hours=1),
        )
        outbox.cycle(worker, NOW)
        yield made
    connections.close()


def test_a_receipt_comes_back_to_the_address_that_the_letter_named(case: Case) -> None:
    assert not case.delivered()
    for _ in range(3):
        assert case.client.post(case.address, json={"state": "delivered"}).status_code == 202
    assert case.kept() == [("delivered", "")]
    assert case.delivered()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("DELIVRD", "delivered"),
        ("Delivered", "delivered"),
        ("UNDELIV", "undelivered"),
        ("expired", "undelivered"),
        ("REJECTD", "undelivered"),
    ],
)
def test_whatever_gateways_call_it(case: Case, said: str, kept: str) -> None:
    assert case.client.post(case.address, params={"state": said, "detail": "phone off"}).status_code == 202
    assert case.kept() == [(kept, "phone off")]


def test_what_says_nothing_yet_is_taken_and_not_kept(case: Case) -> None:
    assert case.client.post(case.address, json={"state": "accepted"}).status_code == 202
    assert case.kept() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"{", 422), (b"[]", 422), (b'{"detail": "x"}', 422), (b"x" * 20_000, 413)],
)
def test_nonsense_is_refused_in_words(case: Case, content: bytes, status: int) -> None:
    answer = case.client.post(case.address, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert case.kept() == []


@pytest.mark.parametrize("token", ["nobody", "0" * 500, "..%2f..%2fetc", "%00"])
def test_a_token_that_nobody_was_given_opens_nothing(case: Case, token: str) -> None:
    assert case.client.post(f"/receipts/{token}", json={"state": "delivered"}).status_code == 404
    assert case.kept() == []


def test_a_receipt_can_not_be_asked_for(case: Case) -> None:
    assert case.client.get(case.address).status_code == 405


def test_long_and_strange_words_are_cut(case: Case) -> None:
    assert case.client.post(case.address, json={"state": "failed", "detail": "\0x" * 500}).status_code == 202
    [(_, detail)] = case.kept()
    assert len(detail) <= 200
    assert "\0" not in detail
