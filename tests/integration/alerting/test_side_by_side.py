"""Three workers, receipts and a desk that works on the incident at the same time: nobody waits in a ring."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from alerting import outbox
from alerting.channels import Message, Outcome, Verdict
from alerting.contacts import Contact
from alerting.letters import Letter
from runtime.db import Pool, Role, connect, pool
from runtime.settings import AlertingSettings, DatabaseSettings

NOW = datetime.now(UTC)
CHAINS, WAYS, ROUNDS = 30, 3, 25


@pytest.fixture
def pools(city_db: DatabaseSettings) -> Iterator[list[Pool]]:
    made = [pool(city_db, Role.ALERTING, size=3) for _ in range(3)]
    yield made
    for one in made:
        one.close()


def prepare(database: DatabaseSettings) -> int:
    """An incident, its dispatch, and chains of letters about it; returns the incident."""
    with connect(database, Role.OWNER) as owner:
        row = owner.execute(
            "INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, alarm_at, opened_at)"
            " SELECT 'R1', l.id, 'alarm_button', 'dispatched', 1, p.id, now(), now() FROM lift l, policy p"
            " WHERE l.code = '442001' AND p.kind = 'lift' RETURNING id"
        ).fetchone()
        assert row is not None
        organisation = owner.execute("SELECT id FROM organisation WHERE code = 'mu-1'").fetchone()
        assert organisation is not None
        dispatch = owner.execute(
            "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, link_sha256, link_expires)"
            " VALUES (%s, 1, %s, 'offered', now(), %s, now() + interval '1 day') RETURNING id",
            (row["id"], organisation["id"], uuid4().hex),
        ).fetchone()
        assert dispatch is not None
        contacts = [_contact(owner, organisation["id"], number) for number in range(WAYS)]
    with connect(database, Role.ALERTING) as connection:
        for chain in range(CHAINS):
            outbox.tell(
                connection,
                contacts,
                lambda _: Letter("s", "b"),
                prefix=f"c{chain}",
                stage="tier_offer",
                now=NOW,
                give_up_at=NOW + timedelta(seconds=ROUNDS * 3),
                incident_id=row["id"],
                dispatch_id=dispatch["id"],
            )
    return int(row["id"])


def _contact(owner: Any, organisation: int, number: int) -> Contact:
    row = owner.execute(
        "INSERT INTO contact_method (organisation_id, channel, address, priority, receipts)"
        " VALUES (%s, 'webhook', %s, %s, true) RETURNING id",
        (organisation, f"w{number}", number + 1),
    ).fetchone()
    return Contact(
        id=row["id"],
        channel="webhook",
        address=f"w{number}",
        language="zh",
        priority=number + 1,
        organisation_id=organisation,
    )


def test_workers_receipts_and_the_desk_at_once(city_db: DatabaseSettings, pools: list[Pool]) -> None:
    incident = prepare(city_db)
    faults: list[str] = []
    over = threading.Event()
    chance = random.Random(7)

    def gateway(message: Message) -> Outcome:
        del message
        return Outcome(chance.choice([Verdict.SENT, Verdict.SENT, Verdict.REFUSED, Verdict.UNSURE]), "by chance")

    def work(connections: Pool, name: str) -> None:
        worker = outbox.Worker(connections, {"webhook": gateway}, 30, AlertingSettings(fallback_s=6))
        worker.name = name
        for turn in range(ROUNDS + 2):
            outbox.cycle(worker, NOW + timedelta(seconds=turn * 3))

    def receive() -> None:
        with connect(city_db, Role.API) as connection:
            while not over.wait(0.01):
                connection.execute(
                    "INSERT INTO receipt (attempt_id, state, received_at) SELECT id, (ARRAY['delivered',"
                    " 'undelivered', 'undelivered'])[1 + floor(random() * 3)::int], %s FROM outbox_attempt"
                    " WHERE ended_at IS NOT NULL ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING",
                    (NOW,),
                )

    def desk() -> None:
        with connect(city_db, Role.ALERTING) as connection:
            while not over.wait(0.005):
                with connection.transaction():
                    connection.execute("SELECT FROM incident WHERE id = %s FOR UPDATE", (incident,))
                    connection.execute("UPDATE dispatch SET distance_m = 1 WHERE incident_id = %s", (incident,))

    def guarded(target: Any, *words: object) -> threading.Thread:
        def run() -> None:
            try:
                target(*words)
            except Exception as error:  # noqa: BLE001
                faults.append(f"{target.__name__}: {error!r}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    workers = [guarded(work, connections, f"w{number}") for number, connections in enumerate(pools)]
    others = [guarded(receive), guarded(desk)]
    for thread in workers:
        thread.join(90)
    over.set()
    for thread in others:
        thread.join(10)
    assert faults == []
    assert not any(thread.is_alive() for thread in workers)
    _settled(city_db, incident)


def _settled(database: DatabaseSettings, incident: int) -> None:
    """Everything has an end: nothing waits, every attempt has an outcome, one delivery is one line."""
    with connect(database, Role.OWNER) as owner:
        rows = owner.execute("SELECT chain, state, delivered_at, sent_at FROM outbox").fetchall()
        open_attempts = owner.execute("SELECT id FROM outbox_attempt WHERE ended_at IS NULL").fetchall()
        actions = owner.execute(
            "SELECT action FROM incident_entry WHERE incident_id = %s ORDER BY id", (incident,)
        ).fetchall()
    assert {row["state"] for row in rows}.isdisjoint({"waiting", "leased"})
    assert open_attempts == []
    said = [row["action"] for row in actions]
    assert said.count("delivered") == bool([row for row in rows if row["delivered_at"]])
    assert said.count("letter_failed") >= len([row for row in rows if row["state"] == "failed"])
